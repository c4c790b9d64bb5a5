"""The shipped flows, walked by the demo's personas against the simulated utility."""

from acd.vocabulary.flow_facts import DigitsCollected, KeyPressed
from ivr.turns import HangUp
from services.utility.simulator.orders import Order
from tests.services.utility.hotline import FLOWS, Hotline, Way

UNKNOWN = "13800138000"


def spoken(digits: str) -> str:
    return "".join("零幺二三四五六七八九"[int(digit)] for digit in digits)


def orders(hotline: Hotline, code: str) -> list[Order]:
    made = hotline.desk.world.orders.all()
    return [one for one in made if one.code == code and one.call_id]


def test_personas_hear_first_what_is_theirs() -> None:
    hotline = Hotline()
    first = {
        name: hotline.call("6000", number).first
        for name, number in {
            "P01 elder": "7001",
            "P02 vip": "7002",
            "P03 open order": "7003",
            "P04 repeat": "7004",
            "P05 known outage": "7005",
            "P08 english": "7008",
            "P09 tibetan": "7009",
            "P10 notice": "7010",
            "P11 unknown": UNKNOWN,
            "P12 grid manager": "7012",
            "P13 12345": "7013",
        }.items()
    }

    assert len(set(first.values())) == len(first)
    assert first["P01 elder"].startswith("您好，云江电力。不用按键")
    assert "贵宾服务专线" in first["P02 vip"]
    assert "投诉工单" in first["P03 open order"]
    assert "新桥片区正在故障停电" in first["P05 known outage"]
    assert "原因电缆故障" in first["P05 known outage"]
    assert "藏语客服" in first["P09 tibetan"]
    assert first["P08 english"] == "Yunjiang Power. This call is recorded."
    assert "有序用电" in first["P10 notice"]


def test_every_greeting_says_that_the_call_is_recorded() -> None:
    hotline = Hotline()
    for number in ("7002", "7003", "7004", "7005", "7010", "7012", "7013", UNKNOWN):
        assert "通话将被录音" in hotline.call("6000", number).first
    assert "is recorded" in hotline.call("6000", "7008").first


def test_pressing_1_alone_reaches_a_person_for_faults() -> None:
    assert Hotline().call("6000", UNKNOWN, "1").queue == "q_fault"


def test_pressing_1_then_0_reaches_a_person_at_once() -> None:
    way = Hotline().call("6000", UNKNOWN, "10")

    assert way.queue == "q_fault"
    assert len(way.heard) == 3


def test_a_key_that_cuts_the_greeting_short_is_taken_as_the_menus() -> None:
    assert Hotline().call("6000", UNKNOWN, "10", is_hasty=True).queue == "q_fault"
    assert Hotline().call("6000", UNKNOWN, "1", is_hasty=True).queue == "q_fault"
    assert Hotline().call("6003", UNKNOWN, "1", is_hasty=True).queue == "q_en"


def test_nobody_is_greeted_twice() -> None:
    for dialled, number, keys in (
        ("6000", "7005", "3"),
        ("6000", "7003", "3"),
        ("6000", "7010", "1"),
        ("6001", UNKNOWN, "3"),
        ("6000", UNKNOWN, "251"),
    ):
        way = Hotline().call(dialled, number, keys)
        assert way.said.count("通话将被录音") == 1, (dialled, number)


def test_a_silent_caller_comes_to_a_person() -> None:
    assert Hotline().call("6000", UNKNOWN).queue == "q_bill"


def test_an_elder_waits_and_is_served() -> None:
    assert Hotline().call("6000", "7001").queue == "q_elder"
    assert Hotline().call("6000", "7001", "1").queue == "q_fault"
    assert Hotline().call("6000", "7001", "0").queue == "q_elder"


def test_who_speaks_tibetan_waits_and_is_served_in_it() -> None:
    assert Hotline().call("6000", "7009").queue == "q_bo"
    assert Hotline().call("6000", "7009", "0").queue == "q_bo"
    assert "原因雷击" in Hotline().call("6000", "7009", "2").said


def test_an_important_customer_waits_and_is_served() -> None:
    assert Hotline().call("6000", "7002").queue == "q_vip"
    assert Hotline().call("6001", UNKNOWN).queue == "q_vip"
    assert "停电报修请按1" in Hotline().call("6001", "7002", "3").said


def test_who_called_again_and_again_is_put_through_by_topic() -> None:
    assert Hotline().call("6000", "7004").queue == "q_fault"
    # Who is not marked so at the utility is known by our own count.
    again = {"call.repeats": 4}
    assert Hotline().call("6000", "7005", around=again).queue == "q_bill"


def test_a_citizen_from_12345_comes_to_the_complaints_desk() -> None:
    assert Hotline().call("6000", "7013").queue == "q_complaint"


def test_danger_goes_before_all() -> None:
    for keys in ("14", "124"):
        way = Hotline().call("6000", UNKNOWN, keys)
        assert way.queue == "q_fault"
        assert way.ended is not None
        assert getattr(way.ended, "call_class", None) == 10


def test_in_english_all_is_english_and_a_person_who_speaks_it_answers() -> None:
    for dialled, keys in (("6003", "1"), ("6000", "81"), ("6003", "20"), ("6003", "")):
        assert Hotline().call(dialled, UNKNOWN, keys).queue == "q_en"
    spoken = Hotline().call("6003", "7006", "211").said
    assert spoken.isascii(), spoken


# ---- faults


def test_an_unknown_caller_reports_a_fault_without_any_person() -> None:
    hotline = Hotline()

    way = hotline.call("6000", UNKNOWN, "12" + "1" + "2" + "1" + "2")

    [order] = orders(hotline, "FAULT")
    assert order.arguments["caller"] == UNKNOWN
    assert order.arguments["note"].startswith("call-1-")
    assert f"编号尾号{spoken(order.tail)}" in way.said
    assert isinstance(way.ended, HangUp)
    assert any(order.tail in one.text for one in hotline.desk.world.texts)


def test_who_is_dark_by_a_known_outage_is_told_of_it() -> None:
    way = Hotline().call("6000", "7005", "3" + "12" + "1")

    assert "fault.told_outage" in way.steps
    assert "fault.make" not in way.steps


def test_who_was_told_of_the_outage_and_reports_anyway_is_not_told_again() -> None:
    hotline = Hotline()

    way = hotline.call("6000", "7005", "1" + "1" + "1")

    assert "fault.told_outage" not in way.steps
    assert way.said.count("正在故障停电") == 1
    assert len(orders(hotline, "FAULT")) == 1


def test_who_owes_is_told_so_and_can_be_reconnected() -> None:
    hotline = Hotline()

    way = hotline.call("6000", "7007", "12" + "1" + "1" + "2")

    assert "欠费" in way.said
    assert len(orders(hotline, "RECONNECT")) == 1


def test_whose_meter_is_supplied_is_told_of_the_boundary() -> None:
    way = Hotline().call("6000", "7006", "12" + "1" + "2" + "2")

    assert "属于您自己的产权" in way.said
    assert "fault.make" not in way.steps


def test_a_known_caller_reports_a_fault_and_is_then_known_for_it() -> None:
    hotline = Hotline()

    hotline.call("6000", "7106", "12" + "1" + "1" + "2")
    [order] = orders(hotline, "FAULT")
    again = hotline.call("6000", "7106", "1")

    assert f"编号尾号{spoken(order.tail)}" in again.first
    assert hotline.desk.world.orders.get(order.order_id) is not None


def test_an_order_is_urged_by_one_key() -> None:
    hotline = Hotline()

    way = hotline.call("6000", "7003", "1")

    assert "已为您催办" in way.said
    assert len(orders(hotline, "URGE")) == 1


def test_details_are_added_to_an_order() -> None:
    hotline = Hotline()

    hotline.call("6000", "7003", "2")

    [note] = orders(hotline, "NOTE")
    assert note.arguments["note"].startswith("call-1-")


# ---- proofs


def proven(way: Way, hotline: Hotline) -> bool:
    return "prove.level_two" in way.steps


def test_the_balance_is_told_to_the_accounts_own_number_without_more() -> None:
    way = Hotline().call("6000", "7006", "21")

    assert "余额" in way.said
    assert "prove.how" not in way.steps


def test_the_balance_is_told_to_another_number_by_pin() -> None:
    hotline = Hotline()

    way = hotline.call("6000", UNKNOWN, "21" + "5301000007" + "1" + "246807" + "2")

    assert proven(way, hotline)
    assert "欠费" in way.said


def test_the_balance_is_told_to_another_number_by_a_code_of_sms() -> None:
    hotline = Hotline()

    way = hotline.call("6000", UNKNOWN, "21" + "5301000007" + "2" + "C" + "2")

    assert proven(way, hotline)
    assert "欠费" in way.said


def test_three_wrong_pins_lead_to_a_person() -> None:
    wrong = "1" + "000000"

    way = Hotline().call("6000", UNKNOWN, "21" + "5301000007" + wrong * 3)

    assert way.queue == "q_bill"
    assert way.steps.count("prove.check_pin") == 3
    assert "account.which" not in way.steps


def test_three_wrong_account_numbers_lead_to_a_person() -> None:
    way = Hotline().call("6000", UNKNOWN, "21" + "9999999999" * 3)

    assert way.queue == "q_bill"
    assert way.steps.count("identify.find") == 3


def test_the_digits_of_a_pin_stand_in_no_fact() -> None:
    hotline = Hotline()

    way = hotline.call("6000", UNKNOWN, "21" + "5301000007" + "1" + "246807" + "2")

    assert "246807" not in repr(way.facts)
    secret = [one for one in way.facts if isinstance(one, DigitsCollected)][-1]
    assert (secret.step, secret.digits, secret.count) == ("pin", "", 6)
    of_pin = [one for one in way.facts if isinstance(one, KeyPressed)]
    assert {one.key for one in of_pin if one.step == "pin"} == {""}


def test_the_account_number_itself_needs_more_than_the_callers_number() -> None:
    way = Hotline().call("6000", "7006", "24" + "1" + "246806" + "2")

    assert "prove.level_two" in way.steps
    assert "您的户号是" in way.said


def test_who_has_two_accounts_is_asked_which() -> None:
    first = Hotline().call("6000", "7014", "21" + "1")
    second = Hotline().call("6000", "7014", "21" + "2" + "1")

    assert "没有欠费" in first.said
    assert "欠费" in second.said
    assert "没有欠费" not in second.said


# ---- the rest of self-service


def test_bill_reading_and_tariff_are_told() -> None:
    assert "您上月用电" in Hotline().call("6000", "7006", "22").said
    assert "抄表示数" in Hotline().call("6000", "7006", "23").said
    assert "居民阶梯电价" in Hotline().call("6000", UNKNOWN, "25").said


def test_outages_of_the_next_days_are_told_one_after_the_other() -> None:
    way = Hotline().call("6000", "7004", "11", around={"call.repeats": 0})
    assert way.queue == "q_fault"  # P04 has heard enough of menus

    way = Hotline().call("6000", "7007", "11")
    assert "欠费停电" in way.said or "因欠费停电" in way.said
    assert "线路改造" in way.said


def test_a_visit_is_booked_and_the_slot_is_gone() -> None:
    hotline = Hotline()

    first = hotline.call("6000", "7006", "34" + "1" + "1" + "2")
    second = hotline.call("6000", "7007", "34" + "1" + "1" + "2")

    assert "预约码" in first.said
    one, two = orders(hotline, "APPOINT")
    assert one.arguments["slot"] != two.arguments["slot"]
    assert "预约码" in second.said


def test_offices_are_told_to_everybody() -> None:
    assert "云州中心营业厅" in Hotline().call("6000", UNKNOWN, "36").said


def test_the_area_manager_is_told_and_sent() -> None:
    hotline = Hotline()

    way = hotline.call("6000", "7006", "5")

    assert "陈晓明" in way.said
    assert any("陈晓明" in one.text for one in hotline.desk.world.texts)


def test_notices_are_ordered_for_a_number_that_was_confirmed() -> None:
    hotline = Hotline()

    hotline.call("6000", "7006", "15" + "3" + "2" + "7999#" + "1" + "2")

    [order] = orders(hotline, "SUBSCRIBE")
    assert (order.arguments["number"], order.arguments["topic"]) == ("7999", "both")
    assert hotline.desk.world.texts[-1].to == "7999"


def test_a_number_is_left_to_be_called_back_without_any_person() -> None:
    hotline = Hotline()

    way = hotline.call("6000", UNKNOWN, "7" + "1" + "2")

    [order] = orders(hotline, "CALLBACK")
    assert order.arguments["number"] == UNKNOWN
    assert isinstance(way.ended, HangUp)


def test_praise_and_suggestions_are_taken_down() -> None:
    hotline = Hotline()

    hotline.call("6000", UNKNOWN, "43" + "2")
    hotline.call("6000", UNKNOWN, "44" + "2")
    hotline.call("6002", UNKNOWN, "3")

    assert len(orders(hotline, "SUGGEST")) == 2
    assert len(orders(hotline, "PRAISE")) == 1


def test_a_notice_is_confirmed_once() -> None:
    hotline = Hotline()

    hotline.call("6000", "7010", "1")
    again = hotline.call("6000", "7010")

    assert len(orders(hotline, "CONFIRM")) == 1
    assert "有序用电" not in again.said


def test_in_a_storm_a_caller_registers_and_hangs_up() -> None:
    hotline = Hotline()

    way = hotline.call("6000", UNKNOWN, "1", around={"storm": True})
    known = hotline.call("6000", "7006", "1", around={"storm": True})

    assert "强对流天气" in way.first
    assert len(orders(hotline, "FAULT")) == 2
    assert isinstance(way.ended, HangUp)
    assert isinstance(known.ended, HangUp)
    assert Hotline().call("6000", "7001", around={"storm": True}).queue == "q_elder"


def test_a_crew_gives_its_word_on_its_order() -> None:
    hotline = Hotline()

    way = hotline.call("6010", "7401", "1" + "1" + "3" + "1" + "4" + "2")

    assert [one.arguments["word"] for one in orders(hotline, "CREW")] == [
        "restored",
        "arrived",
        "accept",
    ]
    assert "注意安全" in way.said
    assert hotline.call("6010", "7401", "0#").queue == "q_dispatch"


def test_a_survey_is_answered_at_the_end() -> None:
    way = Hotline().call("6000", "7006", "21" + "2" + "5" + "1")

    assert "问题解决了吗" in way.said
    assert isinstance(way.ended, HangUp)


def test_a_caller_of_whom_nothing_good_is_known_is_bidden_farewell() -> None:
    hotline = Hotline()
    blocked = next(
        one for one in hotline.desk.world.customers if "blocked" in one.marks
    )

    way = hotline.call("6000", blocked.numbers[0])

    assert isinstance(way.ended, HangUp)


def test_with_a_utility_that_is_silent_every_caller_comes_to_a_person() -> None:
    hotline = Hotline(is_answering=False)

    for keys in ("", "1", "11", "1211", "21", "22", "34", "35", "5", "71", "43"):
        way = hotline.call("6000", "7006", keys)
        assert way.queue.startswith("q_"), keys
    assert hotline.call("6010", "7401").queue == "q_dispatch"


def test_from_every_step_that_waits_a_person_is_one_key_away() -> None:
    for flow in FLOWS.flows.values():
        assert flow.person in flow.steps
