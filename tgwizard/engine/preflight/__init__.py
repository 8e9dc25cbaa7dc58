"""Questions asked before the first write, and the judgement of their answers (engine/README.md 1.4)."""
