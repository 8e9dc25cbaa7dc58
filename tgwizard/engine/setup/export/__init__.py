"""The plan for someone else's hands: as a script, as Terraform, as a checklist for the portal, as a request.

All are pure functions of the plan and the answers. Names of Azure's are foreign text: each format has one function that
quotes, and nothing reaches a file beside it.
"""
