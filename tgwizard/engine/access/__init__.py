"""What is needed where, who has it, what takes it away."""
