from tests.plugins.desk import FileCall, House, SignedIn


def test_what_waits_is_listed(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id = file_call(tool="mail.send")
    page = signed_in(house.ana).get("/").get_data(as_text=True)
    assert approval_id in page
    assert "mail.send" in page
