"""What each person reads of their own work: pace, activity, deals, the next attempt; campaigns and what sales says."""
