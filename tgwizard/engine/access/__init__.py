"""What is needed where, who has it, and what takes it away."""
