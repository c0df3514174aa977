"""Teaches detect-secrets what Databricks' tokens look like."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class DatabricksTokenDetector(RegexBasedDetector):
    secret_type = "Databricks Token"  # pragma: allowlist secret
    # Personal and OAuth: dapi…, dkea…, dose…, each with 32 hexadecimal digits.
    denylist = [re.compile(r"\b(?:dapi|dkea|dose|dsapi)[0-9a-f]{32}(?:-\d+)?\b")]
