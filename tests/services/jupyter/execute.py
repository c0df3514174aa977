"""Runs notebooks under their kernel; started by execute.ts beside it.

stdin:  {"notebooks": [path], "kernel": name, "timeout": seconds, "keepGoing": bool}
stdout: one JSON object per notebook, as `NotebookRun` there describes it
"""

import asyncio
import json
import os
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

# tslab prints these and lets the cell pass.
UNAWAITED = ("UnhandledPromiseRejection:", "UncaughtException:")

# How many kernels are tried for a notebook, and how long each may take to answer.
ATTEMPTS = 3
STARTUP_SECONDS = 60


class Notebook:
    """A notebook and its kernel, which may be started before the notebook's turn."""

    def __init__(self, path, kernel, timeout):
        self.path = path
        self.book = nbformat.read(path, as_version=4)
        self.code = [cell for cell in self.book.cells if cell.cell_type == "code"]
        self.client = NotebookClient(
            self.book,
            kernel_name=kernel,
            timeout=timeout,
            startup_timeout=STARTUP_SECONDS,
            resources={"metadata": {"path": os.path.dirname(path)}},
        )

    async def start(self):
        # Jupyter looks for ports that are free, and the kernel binds them a second later. Where another program took one
        # meanwhile, the kernel stays silent: a new one gets other ports.
        for attempt in range(1, ATTEMPTS + 1):
            self.client.create_kernel_manager()
            await self.client.async_start_new_kernel(cwd=os.path.dirname(self.path))
            try:
                await self.client.async_start_new_kernel_client()
                return
            except RuntimeError as error:
                if attempt == ATTEMPTS:
                    raise
                print(f"{self.path}: {error}; starting another kernel", file=sys.stderr)

    async def stop(self):
        if self.client.km is not None and await self.client.km.is_alive():
            await self.client._async_cleanup_kernel()

    async def run(self):
        for number, cell in enumerate(self.code, 1):
            try:
                await self.client.async_execute_cell(cell, self.book.cells.index(cell))
            except CellTimeoutError:
                return number, f"The cell took longer than {self.client.timeout} s."
            except DeadKernelError:
                return number, text_of(cell, "stderr") or "The kernel died."
            except CellExecutionError as error:
                return number, text_of(cell, "stderr") or traceback_of(cell) or error.evalue or "The cell failed without a message."
            if any(line.startswith(UNAWAITED) for line in text_of(cell, "stderr").splitlines()):
                return number, text_of(cell, "stderr")
        return None


def text_of(cell, stream):
    return "".join(out.text for out in cell.outputs if out.output_type == "stream" and out.name == stream)


def traceback_of(cell):
    return "\n".join(line for out in cell.outputs if out.output_type == "error" for line in out.traceback)


def report(notebook, seconds, failure):
    ran = len(notebook.code) if failure is None else failure[0]
    run = {
        "path": notebook.path,
        "seconds": round(seconds, 3),
        "cells": [
            {"cell": number, "source": cell.source, "outputs": cell.outputs}
            for number, cell in enumerate(notebook.code[:ran], 1)
        ],
    }
    if failure is not None:
        run["failure"] = {"cell": failure[0], "message": failure[1].strip()}
    print(json.dumps(run), flush=True)


async def main():
    order = json.load(sys.stdin)
    notebooks = [Notebook(path, order["kernel"], order["timeout"]) for path in order["notebooks"]]
    starting = asyncio.create_task(notebooks[0].start()) if notebooks else None
    try:
        for index, notebook in enumerate(notebooks):
            began = time.monotonic()
            try:
                await starting
            except RuntimeError as error:
                starting = None
                report(notebook, time.monotonic() - began, (0, f"The kernel did not start: {error}"))
                return
            after = notebooks[index + 1 : index + 2]
            starting = asyncio.create_task(after[0].start()) if after else None
            failure = await notebook.run()
            await notebook.stop()
            report(notebook, time.monotonic() - began, failure)
            if failure is not None and not order["keepGoing"]:
                return
    finally:
        if starting is not None:
            await asyncio.wait([starting])
        await asyncio.gather(*(notebook.stop() for notebook in notebooks))


asyncio.run(main())
