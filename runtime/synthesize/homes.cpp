#include "runtime/synthesize/homes.h"

#include <algorithm>

#include "runtime/synthesize/csv_output.h"
#include "runtime/synthesize/random_stream.h"

namespace wattlaw {
namespace {

constexpr uint32_t kMaxMembers = 1'000'000;
constexpr uint32_t kMaxWideMembers = 5'000;  // a row of the wide form stays below 64 KiB
constexpr uint64_t kWeatherBranch = uint64_t{1} << 40;

// Monthly means of eastern Norway in tenths of a degree, at mid-month.
constexpr int64_t kMonthTemperature[12] = {-43, -40, -2, 45, 108, 152, 164, 152, 108, 63, 7, -31};
// Shape of a household's load over the day, permille of its mean.
constexpr int64_t kWeekdayShape[24] = {620, 560, 540, 530, 550, 680, 1050, 1280, 1100, 930, 880, 870, 880, 880, 920, 1080, 1380, 1560, 1540, 1480, 1400, 1290, 1060, 800};
constexpr int64_t kWeekendShape[24] = {680, 600, 570, 550, 550, 570, 640, 800, 1020, 1200, 1290, 1310, 1300, 1260, 1230, 1260, 1390, 1500, 1490, 1430, 1350, 1250, 1080, 860};
// Heating is lowered at night and raised before the morning.
constexpr int64_t kHeatingShape[24] = {900, 890, 890, 900, 940, 1040, 1120, 1120, 1060, 1010, 980, 970, 960, 960, 970, 1000, 1040, 1060, 1060, 1050, 1030, 1010, 970, 930};
// Clear-sky yield of a panel at 60 degrees north, permille of its peak: by distance from solar noon (12:30 winter, 13:30 summer time) and month.
constexpr int64_t kNoonYield[12] = {170, 330, 540, 690, 780, 800, 790, 730, 600, 400, 210, 120};
constexpr int64_t kHalfDayMinutes[12] = {195, 270, 345, 430, 510, 555, 535, 460, 380, 300, 220, 175};

struct Day {
  int64_t temperature = 0;  // tenths of a degree
  int64_t clearness = 0;    // permille
  int month = 0;            // 0..11
  bool is_weekend = false;
};

struct Weather {
  int32_t first_day = 0;
  std::vector<Day> days;
};

Weather make_weather(const Clock& clock, uint64_t seed) {
  Weather weather;
  weather.first_day = clock.first_date.days;
  RandomStream random(seed, kWeatherBranch);
  int64_t anomaly = 0, cloud = 0;
  for (int32_t at = clock.first_date.days; at < clock.end_date.days; ++at) {
    const YearMonthDay civil = civil_of(Date{at});
    Day day;
    day.month = civil.month - 1;
    day.is_weekend = weekday_of(Date{at}) >= 5;
    // Between the two nearest mid-months.
    const int other = (day.month + (civil.day < 15 ? 11 : 1)) % 12;
    const int64_t apart = civil.day < 15 ? 15 - civil.day : civil.day - 15;
    anomaly = anomaly * 8 / 10 + random.bell(28);
    cloud = cloud * 6 / 10 + random.bell(220);
    day.temperature = (kMonthTemperature[day.month] * (30 - apart) + kMonthTemperature[other] * apart) / 30 + anomaly;
    day.clearness = std::clamp<int64_t>(560 + cloud, 80, 1000);
    weather.days.push_back(day);
  }
  return weather;
}

struct Home {
  RandomStream random;
  std::string id;
  int64_t base_watts, heating_watts_per_degree, indoor_temperature, charger_watts, panel_watts, charging_permille, shift_minutes;
  // What changes from step to step.
  int32_t day = INT32_MIN;
  int64_t plug_minute = 0, charge_left = 0;  // joules
  int64_t import_carry = 0, export_carry = 0;  // joules below a watt-hour
};

Home make_home(uint32_t member, uint32_t members, uint64_t seed, bool has_cars) {
  RandomStream random(seed, member);
  std::string number = std::to_string(member + 1);
  const size_t digits = std::max<size_t>(4, std::to_string(members).size());
  const bool has_car = random.happens(400), has_panels = random.happens(150);
  constexpr int64_t chargers[] = {3600, 3680, 7360, 7360, 11040};
  Home home{random, "home_" + std::string(digits - number.size(), '0') + number};
  home.base_watts = home.random.between(240, 620);
  home.heating_watts_per_degree = home.random.between(62, 165);
  home.indoor_temperature = home.random.between(155, 185);  // what the house needs from heating, net of people and sun
  home.charger_watts = has_car ? chargers[home.random.between(0, 4)] : 0;
  if (!has_cars) home.charger_watts = 0;  // the same home else
  home.panel_watts = has_panels ? home.random.between(30, 120) * 100 : 0;
  home.charging_permille = home.random.between(250, 650);
  home.shift_minutes = home.random.between(-75, 75);
  return home;
}

struct Metered {
  int64_t imported, exported;  // Wh
};

Metered next_step(Home& home, const Clock& clock, const Weather& weather, uint32_t step) {
  const int32_t date = clock.local_day[step];
  const Day& day = weather.days[static_cast<size_t>(date - weather.first_day)];
  const int64_t minute = clock.local_minute[step], seconds = clock.step_seconds;
  if (date != home.day) {
    home.day = date;
    if (home.charger_watts > 0 && home.charge_left == 0 && home.random.happens(home.charging_permille)) {
      home.charge_left = home.random.between(5000, 26000) * 3600;
      home.plug_minute = home.random.happens(300) ? home.random.between(22 * 60, 23 * 60 + 30) : home.random.between(15 * 60 + 30, 21 * 60);
    }
  }
  const auto hour = static_cast<size_t>((minute + home.shift_minutes + 1440) % 1440 / 60);
  const int64_t shape = day.is_weekend ? kWeekendShape[hour] : kWeekdayShape[hour];
  int64_t load = home.base_watts * shape / 1000;
  load += load * home.random.between(-350, 350) / 1000;
  if (home.random.between(0, 3600 * 9) < seconds) load += home.random.between(900, 2200);  // an oven, a wash, a shower
  const int64_t cold = std::max<int64_t>(home.indoor_temperature - day.temperature, 0);
  const int64_t heating = cold * home.heating_watts_per_degree / 10 * kHeatingShape[hour] / 1000;
  load += heating + heating * home.random.between(-120, 120) / 1000;
  int64_t joules = load * seconds;
  if (home.charge_left > 0 && (minute >= home.plug_minute || minute < 10 * 60)) {
    const int64_t charged = std::min(home.charge_left, home.charger_watts * seconds);
    home.charge_left -= charged;
    joules += charged;
  }
  if (home.panel_watts > 0) {
    const int64_t noon = 12 * 60 + 30 + (clock.zone.offset_at(clock.instant_of(step)) > 3600 ? 60 : 0);
    const int64_t away = minute > noon ? minute - noon : noon - minute, half = kHalfDayMinutes[day.month];
    if (away < half) {
      const int64_t yield = kNoonYield[day.month] * (half * half - away * away) / (half * half);
      joules -= home.panel_watts * yield / 1000 * day.clearness / 1000 * home.random.between(700, 1000) / 1000 * seconds;
    }
  }
  int64_t& carry = joules >= 0 ? home.import_carry : home.export_carry;
  carry += joules >= 0 ? joules : -joules;
  const int64_t whole = carry / 3600;
  carry %= 3600;
  return joules >= 0 ? Metered{whole, 0} : Metered{0, whole};
}

Status write_long(const HomesRequest& request, const Clock& clock, const Weather& weather) {
  Result<CsvOutput> opened = CsvOutput::create(request.folder + "/site.csv");
  if (!opened) return opened.failure();
  CsvOutput& out = *opened;
  std::vector<std::string> times;
  times.reserve(clock.steps);
  for (uint32_t step = 0; step < clock.steps; ++step) times.push_back("," + print_iso(clock.zone, clock.instant_of(step)) + ",");
  out.add("site,time,import [Wh],export [Wh]\n");
  for (uint32_t member = 0; member < request.members; ++member) {
    Home home = make_home(member, request.members, request.seed, request.has_cars);
    for (uint32_t step = 0; step < clock.steps; ++step) {
      const Metered metered = next_step(home, clock, weather, step);
      out.add(home.id);
      out.add(times[step]);
      out.add_number(metered.imported);
      out.add(',');
      out.add_number(metered.exported);
      out.add('\n');
    }
  }
  return out.finish();
}

Status write_wide(const HomesRequest& request, const Clock& clock, const Weather& weather) {
  Result<CsvOutput> imports = CsvOutput::create(request.folder + "/site.import.csv");
  if (!imports) return imports.failure();
  Result<CsvOutput> exports = CsvOutput::create(request.folder + "/site.export.csv");
  if (!exports) return exports.failure();
  std::vector<Home> homes;
  for (CsvOutput* out : {&*imports, &*exports}) out->add("time");
  for (uint32_t member = 0; member < request.members; ++member) {
    homes.push_back(make_home(member, request.members, request.seed, request.has_cars));
    for (CsvOutput* out : {&*imports, &*exports}) out->add("," + homes.back().id + " [Wh]");
  }
  for (uint32_t step = 0; step < clock.steps; ++step) {
    for (CsvOutput* out : {&*imports, &*exports}) out->add("\n" + print_iso(clock.zone, clock.instant_of(step)));
    for (Home& home : homes) {
      const Metered metered = next_step(home, clock, weather, step);
      imports->add(',');
      imports->add_number(metered.imported);
      exports->add(',');
      exports->add_number(metered.exported);
    }
  }
  for (CsvOutput* out : {&*imports, &*exports}) {
    out->add('\n');
    Status done = out->finish();
    if (!done) return done;
  }
  return Ok{};
}

Status write_table(const HomesRequest& request) {
  Result<CsvOutput> opened = CsvOutput::create(request.folder + "/sites.csv");
  if (!opened) return opened.failure();
  opened->add(request.tax_zones.empty() ? "id,capacity [kW]\n" : "id,capacity [kW],tax_zone\n");
  for (uint32_t member = 0; member < request.members; ++member) {
    const Home home = make_home(member, request.members, request.seed, request.has_cars);
    opened->add(home.id);
    // The main fuse: what heating at 25 degrees of cold, cooking and the charger need at once.
    opened->add(home.heating_watts_per_degree * 35 + home.charger_watts > 14000 ? ",25" : ",17");
    if (!request.tax_zones.empty()) opened->add("," + request.tax_zones[member % request.tax_zones.size()]);
    opened->add('\n');
  }
  return opened->finish();
}

}  // namespace

Status synthesize_homes(const HomesRequest& request, const Clock& clock) {
  const uint32_t most = request.form == HomesRequest::Form::wide ? kMaxWideMembers : kMaxMembers;
  if (request.members == 0 || request.members > most)
    return Failure{"WL6060", std::to_string(request.members) + " homes cannot be written in this form", "choose 1 to " + std::to_string(most) + " homes", "", 0, ""};
  for (const std::string& zone : request.tax_zones)
    if (zone.empty() || zone.find_first_of(",;\"\r\n\t") != std::string::npos) return Failure{"WL6060", "a tax zone's name is empty or has separators", "name tax zones by one word each", "", 0, ""};
  const Weather weather = make_weather(clock, request.seed);
  Status table = write_table(request);
  if (!table) return table;
  return request.form == HomesRequest::Form::wide ? write_wide(request, clock, weather) : write_long(request, clock, weather);
}

}  // namespace wattlaw
