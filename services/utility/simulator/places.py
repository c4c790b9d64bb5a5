"""Where the simulated utility's customers live: grids, their managers, the halls."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One manager's part of a station's area, on one feeder."""

    station: str
    feeder: str
    area: str
    area_en: str
    street: str
    arrive_within_min: int
    """What is promised for faults: 45 in town, 90 in the country, 120 far off."""
    manager: str
    manager_number: str


GRIDS: Mapping[str, Grid] = {
    "east": Grid(
        station="城东所",
        feeder="城东3线",
        area="云州城东片区",
        area_en="East Yunzhou",
        street="东风路",
        arrive_within_min=45,
        manager="李建国",
        manager_number="7501",
    ),
    "bridge": Grid(
        station="新桥所",
        feeder="新桥5线",
        area="云州新桥片区",
        area_en="Xinqiao in Yunzhou",
        street="新桥大街",
        arrive_within_min=45,
        manager="张海燕",
        manager_number="7502",
    ),
    "park": Grid(
        station="高新所",
        feeder="高新1线",
        area="云州高新区",
        area_en="the high-tech park of Yunzhou",
        street="科技路",
        arrive_within_min=45,
        manager="王立新",
        manager_number="7503",
    ),
    "lake": Grid(
        station="湖滨所",
        feeder="湖滨2线",
        area="云州湖滨片区",
        area_en="Lakeside in Yunzhou",
        street="湖滨路",
        arrive_within_min=45,
        manager="陈晓明",
        manager_number="7504",
    ),
    "rock": Grid(
        station="青石所",
        feeder="青石1线",
        area="南屏青石镇",
        area_en="Qingshi in Nanping",
        street="青石街",
        arrive_within_min=90,
        manager="刘志远",
        manager_number="7505",
    ),
    "pier": Grid(
        station="码头所",
        feeder="码头2线",
        area="江陵口码头片区",
        area_en="the pier of Jianglingkou",
        street="码头路",
        arrive_within_min=45,
        manager="孙工",
        manager_number="7506",
    ),
    "pass": Grid(
        station="山口所",
        feeder="山口1线",
        area="北川口山口乡",
        area_en="Shankou in Beichuankou",
        street="山口村",
        arrive_within_min=120,
        manager="杨志强",
        manager_number="7507",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """An office where customers are served."""

    hall_id: str
    name: str
    name_en: str
    street: str
    opens: str
    """As it is read out."""
    opens_en: str
    stations: tuple[str, ...]
    """Whose customers it is near to."""


HALLS: tuple[Hall, ...] = (
    Hall(
        hall_id="h1",
        name="云州中心营业厅",
        name_en="Yunzhou central office",
        street="云州人民路一百号",
        opens="工作日上午九点到下午五点",
        opens_en="working days from nine to five",
        stations=("城东所", "新桥所", "湖滨所", "高新所"),
    ),
    Hall(
        hall_id="h2",
        name="高新营业厅",
        name_en="high-tech park office",
        street="云州科技路八号",
        opens="每天上午九点到下午五点",
        opens_en="every day from nine to five",
        stations=("高新所", "新桥所"),
    ),
    Hall(
        hall_id="h3",
        name="南屏营业厅",
        name_en="Nanping office",
        street="南屏青石街二十号",
        opens="工作日上午九点到下午五点",
        opens_en="working days from nine to five",
        stations=("青石所",),
    ),
    Hall(
        hall_id="h4",
        name="江北营业厅",
        name_en="north river office",
        street="江陵口码头路三号",
        opens="工作日上午九点到下午四点",
        opens_en="working days from nine to four",
        stations=("码头所", "山口所"),
    ),
)


def halls_near(station: str) -> tuple[Hall, ...]:
    """Return the halls near a station's customers first, then the others."""
    near = tuple(hall for hall in HALLS if station in hall.stations)
    return (*near, *(hall for hall in HALLS if hall not in near))
