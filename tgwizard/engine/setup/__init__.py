"""The wing that sets a cluster up: discovery, the flow of questions, the plan, applying and undoing it, verifying."""
