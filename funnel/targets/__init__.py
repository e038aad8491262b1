"""What is to be reached: quotas, shared goals and the plan, beside what was."""
