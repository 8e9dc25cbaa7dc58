"""The lab: an Azure Resource Manager that lives inside the program, below the real Azure SDK.

It serves rehearsals without an Azure account, the tests and the benchmark. One core (``Lab.handle``) answers
requests over one world; two fronts carry requests to it: ``in_process`` and ``tls_server``, the latter on loopback.
Its behaviour is that of azure/README.md; what is marked `[?]` there is a setting here where it matters
(lab/README.md 4.2).
"""
