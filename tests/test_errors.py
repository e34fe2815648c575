from imgindex.errors import NAMES_SHOWN, near_misses

NAMES = ["base/stale", "size/images", "Team_Web"]


def test_near_names_are_suggested_whatever_their_case() -> None:
    assert " Did you mean size/images?" == near_misses("size/imagse", NAMES)
    assert " Did you mean Team_Web?" == near_misses("team-web", NAMES)


def test_the_end_of_a_path_is_enough_to_be_near() -> None:
    assert " Did you mean base/stale?" == near_misses("stal", NAMES)


def test_a_name_that_is_known_whole_comes_before_a_path_that_ends_so() -> None:
    assert " Did you mean images?" == near_misses("image", ["images", "a-topic-of-length/images"])


def test_where_none_is_near_all_are_told_but_no_more_than_can_be_read() -> None:
    assert " There are: base/stale, size/images, Team_Web." == near_misses("zzz", NAMES)
    assert " There are none." == near_misses("zzz", [])
    many = near_misses("zzz", [f"name-{number}" for number in range(NAMES_SHOWN + 1)])
    assert many.endswith(f", name-{NAMES_SHOWN - 1}, ….")


def test_a_command_that_lists_all_stands_for_the_list() -> None:
    assert " Did you mean base/stale? `imgindex query list` lists all." == near_misses(
        "stale", NAMES, "imgindex query list"
    )
    assert " `imgindex query list` lists all." == near_misses("zzz", NAMES, "imgindex query list")


def test_names_from_a_store_are_escaped() -> None:
    assert " Did you mean \\x1b[31mhost?" == near_misses("[31mhost", ["\x1b[31mhost"])
