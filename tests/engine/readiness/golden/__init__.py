"""Golden cases of the preflight's judgement and of the planner: input by table, expected as text to read and to diff.

`python -m tests.engine.readiness.golden --renew` writes the expected files anew.
Read the difference before it is committed.
"""
