"""The lab's own rights: roles, assignments, denials, conditions, and when a change of them is seen."""
