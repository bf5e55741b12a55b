def test_unknown_path_is_an_own_404(stranger):
    assert stranger.get("/nope").status == 404


def test_ready(stranger):
    assert stranger.get("/readyz").status == 200
