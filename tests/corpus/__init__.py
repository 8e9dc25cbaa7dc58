"""Files written by this program, kept as they were, so that a later one is held against them.

`python -m tests.corpus --renew` writes them anew into `kept/`; the tests write them again and compare byte for byte,
read each one with the program's readers, and bring each interrupted run to its end. What is kept says nothing about
names in the code: values keep their spelling, whatever the classes are called.
"""
