"""Nobody overwrites what they have not seen: ETag out, If-Match in (RFC 9110), both the row's own version."""

from __future__ import annotations

import re
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response

from windows.errors import Invalid


class VersionMissing(APIException):
    """428 (RFC 6585): an edit must say which version it edits."""

    status_code = 428
    default_detail = "Send If-Match with the ETag of what you read, so that nobody's change is lost."
    default_code = "version-missing"


def expected_version(request: Any) -> int:
    """The version in If-Match: `"7"`, or weak. VersionMissing without one, Invalid for what is none; `*` is none."""
    sent = request.headers.get("If-Match")
    if sent is None:
        raise VersionMissing
    found = re.fullmatch(r'(?:W/)?"(\d{1,9})"', sent.strip())
    if found is None:
        raise Invalid('If-Match is one ETag, such as "7".', field="If-Match")
    return int(found[1])


def versioned(row: dict[str, Any], status: int = 200) -> Response:
    """An answer that carries its row's version as ETag."""
    return Response(row, status=status, headers={"ETag": f'"{row["version"]}"'})
