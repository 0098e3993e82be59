"""The server that most tests talk to, with our extensions, is one by the RFCs: scim2-tester says so."""

from __future__ import annotations

import pytest
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from tests.support.scim_servers import TOKEN, URN, scim2_application


@pytest.mark.parametrize("cursor", [False, True])
def test_the_server_of_the_tests_keeps_to_the_rfcs(cursor: bool) -> None:
    app = scim2_application(cursor=cursor)
    client = WSGISCIMClient(app, base_url="http://127.0.0.1/v2", headers={"Authorization": f"Bearer {TOKEN}"})
    results = check_server(client)
    assert len(results) > 20
    wrong = [str(one.reason) for one in results if one.status in (Status.ERROR, Status.CRITICAL)]
    # What is added to several values joins them (RFC 7644, 3.5.2.1); the tester takes it to replace them.
    assert [reason for reason in wrong if f"{URN}:User:parents' was not added" not in reason] == []
