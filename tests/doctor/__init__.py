"""What doctor finds on machines that a test arranges."""
