"""Teaches detect-secrets what Databricks' tokens look like."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class DatabricksTokenDetector(RegexBasedDetector):
    secret_type = "Databricks Token"  # pragma: allowlist secret
    # Personal and OAuth: dapi…, dkea…, dose…, each with 32 hexadecimal digits.
    denylist = [re.compile(r"\b(?:dapi|dkea|dose|dsapi)[0-9a-f]{32}(?:-\d+)?\b")]


class WholePrivateKeyDetector(RegexBasedDetector):
    secret_type = "Whole Private Key"  # pragma: allowlist secret
    # With its content: libraries hold the heading alone, to know one when they see it.
    denylist = [re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\\\\nr\\s\"'+]*[A-Za-z0-9+/]{40}")]
