"""Questions asked before the first write, and the judgement of their answers. Nothing is changed (DESIGN 3d)."""
