"""Keeps an environment at the lab that another program holds: wherever that runs now, or started here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from tgwizard.app import adapters
from tgwizard.azure.clients import AzureSession, Clients
from tgwizard.azure.sign_in.sign_in_port import ArmSignIn
from tgwizard.engine.lab_control import ANOTHER_LAB, LabRun
from tgwizard.lab.storage.folder_problems import stopped
from tgwizard.lab.storage.lab_folder import AttachedLab, HostedLab, open_lab
from tgwizard.model.problem import UserError


class AttachedLabLink:
    """Fulfils ``engine.lab_control.LabLink``. Thread-safe; calls to Azure that are under way end as they began."""

    def __init__(
        self, lab: AttachedLab, clients: Clients, sign_in: ArmSignIn, connect: Callable[[AttachedLab], AzureSession]
    ) -> None:
        """``clients`` ask the lab as it runs now; ``connect`` makes the operator's session for where it runs then."""
        self._lab = lab
        self._clients = clients
        self._sign_in = sign_in
        self._connect = connect
        self._mutex = threading.Lock()
        self._operator = clients.session.credential
        self._run = lab.run
        self._hosted: HostedLab | None = None

    def look(self) -> LabRun:
        """Read lab.json again, and ask there from now on; UserError when no lab answers."""
        try:
            run = self._lab.look()
        except UserError as error:
            if any(problem.code == ANOTHER_LAB for problem in error.problems):
                raise
            raise UserError(stopped(self._lab.directory)) from error
        with self._mutex:
            if run != self._run:
                self._ask_at(run)
                self._run = run
        return run

    def _ask_at(self, run: LabRun) -> None:
        old, new = self._clients.session, self._connect(self._lab)
        if old.credential is not self._operator:
            # Somebody signed in: who asks stays the same.
            new = replace(new, credential=old.credential)
        else:
            self._operator = new.credential
        self._clients.use(new)
        self._sign_in.moved(run.address)

    def start(self) -> LabRun:
        """Start the lab in this process from its saved world, unless another program has; UserError when it fails."""
        with self._mutex:
            if self._hosted is None:
                lab = open_lab(self._lab.directory, clock=adapters.LabClock())
                self._hosted = lab if isinstance(lab, HostedLab) else None
        return self.look()

    def close(self) -> None:
        """End the lab that was started here. OSError when its world cannot be saved."""
        with self._mutex:
            hosted, self._hosted = self._hosted, None
        if hosted is not None:
            hosted.close()
