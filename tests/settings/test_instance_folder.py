"""The instance folder and the secret key that is made there."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.errors import WrongSetting
from portal.settings import load_settings

PROCESSES = 4
PRINT_THE_KEY = "import sys; from portal.settings import load_settings; sys.stdout.write(load_settings().secret_key)"


def test_the_folder_is_made_for_its_owner_alone(tmp_path):
    load_settings({"PORTAL_INSTANCE_DIR": str(tmp_path / "a" / "b")})

    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "instance").write_text("")

    with pytest.raises(
        WrongSetting, match=r"^PORTAL_INSTANCE_DIR: the folder .*/instance cannot be .* \(File exists\)\.$"
    ):
        load_settings({"PORTAL_INSTANCE_DIR": str(tmp_path / "instance")})


def test_a_folder_that_cannot_be_written_to_is_refused():
    # Nobody can write there, the superuser included.
    with pytest.raises(WrongSetting, match=r"^PORTAL_INSTANCE_DIR: the folder /proc/self cannot be made or written to"):
        load_settings({"PORTAL_INSTANCE_DIR": "/proc/self"})


def test_the_key_is_made_once_and_kept(tmp_path):
    given = {"PORTAL_INSTANCE_DIR": str(tmp_path)}

    first, second = load_settings(given).secret_key, load_settings(given).secret_key

    assert first == second
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_key_that_is_given_leaves_no_file(tmp_path):
    load_settings({"PORTAL_INSTANCE_DIR": str(tmp_path), "PORTAL_SECRET_KEY": "k" * 32})

    assert not (tmp_path / "secret_key").exists()


def test_an_empty_key_file_is_filled(tmp_path):
    (tmp_path / "secret_key").write_text("\n")

    key = load_settings({"PORTAL_INSTANCE_DIR": str(tmp_path)}).secret_key

    assert len(key) >= 32
    assert load_settings({"PORTAL_INSTANCE_DIR": str(tmp_path)}).secret_key == key


def test_a_short_key_in_the_file_is_refused(tmp_path):
    (tmp_path / "secret_key").write_text("short\n")

    with pytest.raises(WrongSetting, match=r"^PORTAL_SECRET_KEY: the key in .*secret_key is too short"):
        load_settings({"PORTAL_INSTANCE_DIR": str(tmp_path)})


def test_a_key_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "secret_key").mkdir()

    with pytest.raises(WrongSetting, match=r"^PORTAL_SECRET_KEY: the key in .*secret_key cannot be read"):
        load_settings({"PORTAL_INSTANCE_DIR": str(tmp_path)})


def test_several_processes_at_once_make_one_key(tmp_path):
    def start(_number: int) -> str:
        command = [sys.executable, "-c", PRINT_THE_KEY]
        environment = {"PORTAL_INSTANCE_DIR": str(tmp_path / "instance"), "PATH": "/usr/bin"}
        return subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(PROCESSES) as pool:
        keys = set(pool.map(start, range(PROCESSES)))

    assert len(keys) == 1
    assert len(keys.pop()) >= 32
