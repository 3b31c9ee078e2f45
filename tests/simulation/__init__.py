"""Simulated editors, and how the judgement fares with what they save."""
