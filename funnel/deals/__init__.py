"""Opportunities as reports read them, and what is to be expected of them."""
