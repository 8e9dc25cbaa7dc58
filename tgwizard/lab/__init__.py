"""The lab: an Azure Resource Manager that lives inside the program, below the real Azure SDK.

It serves rehearsals without an Azure account, the tests and the benchmark. One core (`lab.Lab.handle`) answers
requests over one world; two fronts carry requests to it: `transport` in process and `server` over TLS on loopback.
Its behaviour is written after `azure-wire.md`; places marked `[?]` there are settings here.
"""
