#include "runtime/trace/load_traces.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/synthesize/homes.h"

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

std::optional<SeriesRequest::UnitMeaning> meaning_of(const std::string& text) {
  if (text == "kWh" || text == "NOK/kWh") return SeriesRequest::UnitMeaning{Rational(1), false};
  if (text == "Wh" || text == "NOK/MWh") return SeriesRequest::UnitMeaning{Rational(1, 1000), false};
  if (text == "kW") return SeriesRequest::UnitMeaning{Rational(1), true};
  return std::nullopt;
}

// A folder of files and what is asked of it: 1 January 2025 in Oslo, hours, unless told otherwise.
struct Folder {
  TraceRequest request;
  const char *zone = "Europe/Oslo", *from = "2025-01-01", *until = "2025-01-02";
  int32_t step = 3600;

  Folder() {
    static int count = 0;
    request.data_folder = testing::TempDir() + "/load_traces_" + std::to_string(getpid()) + "_" + std::to_string(count++);
    fs::create_directories(request.data_folder);
  }
  ~Folder() { fs::remove_all(request.data_folder); }
  Folder(const Folder&) = delete;
  void write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(request.data_folder + "/" + name).parent_path());
    std::ofstream(request.data_folder + "/" + name, std::ios::binary) << text;
  }
  SeriesRequest& ask(const std::string& column, MissingPolicy missing = MissingPolicy::error) {
    SeriesRequest series;
    series.trace = "site";
    series.column = column;
    series.unit = "kWh";
    series.unit_meaning = meaning_of;
    series.missing = missing;
    request.series.push_back(series);
    return request.series.back();
  }
  SeriesRequest& ask_price() {
    SeriesRequest series;
    series.trace = "market";
    series.column = "spot";
    series.per_member = false;
    series.unit = "NOK/kWh";
    series.unit_meaning = meaning_of;
    series.quantum_free = true;
    series.flow = Flow::intensive;
    request.series.push_back(series);
    return request.series.back();
  }
  Result<Traces> load(uint64_t memory = kDefaultTraceMemory) const {
    return load_traces(request, *make_clock(*Zone::load(zone), *parse_date(from), *parse_date(until), step), nullptr, memory);
  }
  // "WL6011 site.csv:3", or "none".
  std::string failure() const {
    Result<Traces> traces = load();
    if (traces) return "none";
    const Failure& failure = traces.failure();
    EXPECT_FALSE(failure.message.empty());
    EXPECT_NE(failure.message.back(), '.');
    return failure.code + " " + failure.file + ":" + std::to_string(failure.row);
  }
};

std::string hour_text(int hour) { return std::string("2025-01-01T") + (hour < 10 ? "0" : "") + std::to_string(hour) + ":00+01:00"; }

// The rows of a member on 1 January 2025, whose import is hour * 0.01 + base.
std::string day_of(const std::string& id, int base, int skip = -1) {
  std::string text;
  for (int hour = 0; hour < 24; ++hour)
    if (hour != skip) text += id + "," + hour_text(hour) + "," + std::to_string(base) + "." + (hour < 10 ? "0" : "") + std::to_string(hour) + ",0\n";
  return text;
}
const std::string kHeader = "site,time,import,export\n";

TEST(LoadTraces, long_rows_by_site_or_by_time_are_the_same) {
  Folder by_site, by_time;
  for (Folder* folder : {&by_site, &by_time}) {
    folder->ask("import");
    folder->ask("export").optional = true;
  }
  by_site.write("site.csv", kHeader + day_of("b", 2) + day_of("a", 1));
  std::string rows = kHeader;
  for (int hour = 0; hour < 24; ++hour)
    for (const char* id : {"b", "a"}) rows += std::string(id) + "," + hour_text(hour) + "," + (*id == 'a' ? "1" : "2") + "." + (hour < 10 ? "0" : "") + std::to_string(hour) + ",0\n";
  by_time.write("site.csv", rows);
  for (const Folder* folder : {&by_site, &by_time}) {
    Result<Traces> traces = folder->load();
    ASSERT_TRUE(traces) << traces.failure().message;
    EXPECT_EQ(traces->members[0].ids, (std::vector<std::string>{"a", "b"}));
    const TileSeries& import = traces->member_series[0];
    EXPECT_EQ(import.at(0, 23), 1230);  // 1.23 kWh
    EXPECT_EQ(import.at(1, 5), 2050);
    EXPECT_EQ(import.min, 1000);
    EXPECT_EQ(import.max, 2230);
    EXPECT_EQ(import.width, 4);
    EXPECT_EQ(traces->member_series[1].max, 0);
    ASSERT_EQ(traces->file_hashes.size(), 1u);
    EXPECT_EQ(traces->file_hashes[0].second.size(), 16u);
  }
}

TEST(LoadTraces, wide_and_member_files_give_the_same_as_long_rows) {
  Folder wide, files;
  wide.ask("import");
  files.ask("import");
  std::string rows = "time,b [kWh],a [Wh]\n", file_a = "time,import [Wh]\n", file_b = "time,import\n";
  for (int hour = 0; hour < 24; ++hour) {
    const std::string two = (hour < 10 ? "0" : "") + std::to_string(hour);
    rows += hour_text(hour) + ",2." + two + ",1" + two + "0\n";
    file_a += hour_text(hour) + ",1" + two + "0\n";
    file_b += hour_text(hour) + ",2." + two + "\n";
  }
  wide.write("site.import.csv", rows);
  files.write("site/a.csv", file_a);
  files.write("site/b.csv", file_b);
  for (const Folder* folder : {&wide, &files}) {
    Result<Traces> traces = folder->load();
    ASSERT_TRUE(traces) << traces.failure().message;
    EXPECT_EQ(traces->members[0].ids, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(traces->member_series[0].at(0, 23), 1230);
    EXPECT_EQ(traces->member_series[0].at(1, 5), 2050);
  }
  files.write("sites.csv", "id\na\nb\nc\n");
  EXPECT_EQ(files.failure(), "WL6027 site:0");
  wide.write("sites.csv", "id\na\n");
  EXPECT_EQ(wide.failure(), "WL6028 site.import.csv:0");
}

TEST(LoadTraces, decimal_comma_line_ends_mark_and_columns_in_any_order) {
  Folder folder;
  folder.ask("import");
  std::string rows = "\xef\xbb\xbfnote;import;time;site\r\n";
  for (int hour = 0; hour < 24; ++hour) rows += "\"x;y\";0,25;" + hour_text(hour) + ";\"a\"\r\n";
  folder.write("site.csv", rows.substr(0, rows.size() - 2));  // the last row has no line end
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  EXPECT_EQ(traces->member_series[0].at(0, 23), 250);
}

TEST(LoadTraces, rows_outside_the_period_are_passed_over) {
  Folder folder;
  folder.ask("import");
  folder.write("site.csv", kHeader + "a,2024-12-31T23:00+01:00,x,0\n" + day_of("a", 1) + "a,2025-01-02T00:00+01:00,,0\n");
  EXPECT_EQ(folder.failure(), "none");
  folder.from = "2026-01-01";
  folder.until = "2026-01-02";
  EXPECT_EQ(folder.failure(), "WL6026 site.csv:0");
}

TEST(LoadTraces, names_gaps_duplicates_and_disorder) {
  Folder folder;
  folder.ask("import");
  folder.write("site.csv", kHeader + day_of("a", 1, 5));
  EXPECT_EQ(folder.failure(), "WL6011 site.csv:7");  // rows 2 to 6 are the hours 0 to 4; row 7 is hour 6
  EXPECT_EQ(folder.load().failure().time, "2025-01-01 05:00+01:00");
  folder.write("site.csv", kHeader + day_of("a", 1, 23));
  EXPECT_EQ(folder.load().failure().code, "WL6011");
  folder.write("site.csv", kHeader + day_of("a", 1, 0));
  EXPECT_EQ(folder.failure(), "WL6011 site.csv:2");
  folder.write("site.csv", kHeader + day_of("a", 1) + "a," + hour_text(23) + ",1,0\n");
  EXPECT_EQ(folder.failure(), "WL6012 site.csv:26");
  folder.write("site.csv", kHeader + day_of("a", 1) + "a," + hour_text(3) + ",1,0\n");
  EXPECT_EQ(folder.failure(), "WL6013 site.csv:26");
}

TEST(LoadTraces, fills_gaps_as_the_trace_says) {
  const auto load = [](MissingPolicy policy) {
    Folder folder;
    folder.ask("import", policy);
    folder.write("site.csv", kHeader + day_of("a", 1, 5));
    return *folder.load();
  };
  const Traces held = load(MissingPolicy::hold), zero = load(MissingPolicy::zero), skip = load(MissingPolicy::skip);
  EXPECT_EQ(held.member_series[0].at(0, 5), 1040);  // hour 4
  EXPECT_EQ(zero.member_series[0].at(0, 5), 0);
  EXPECT_EQ(skip.member_series[0].quality_at(0, 5), Quality::missing);
  EXPECT_EQ(skip.member_series[0].at(0, 6), 1060);
  Folder first;
  first.ask("import", MissingPolicy::hold);
  first.write("site.csv", kHeader + day_of("a", 1, 0));
  EXPECT_EQ(first.load().failure().code, "WL6031");
}

TEST(LoadTraces, reads_qualities) {
  Folder folder;
  folder.ask("import");
  std::string rows = "site,time,import,quality\n";
  for (int hour = 0; hour < 24; ++hour) rows += "a," + hour_text(hour) + (hour == 3 ? ",,missing\n" : hour == 4 || hour == 5 ? ",2,estimated\n" : ",1,measured\n");
  folder.write("site.csv", rows);
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  ASSERT_EQ(traces->member_series[0].quality.size(), 2u);
  EXPECT_EQ(traces->member_series[0].quality_at(0, 3), Quality::missing);
  EXPECT_EQ(traces->member_series[0].quality_at(0, 5), Quality::estimated);
  EXPECT_EQ(traces->member_series[0].at(0, 5), 2000);
  folder.write("site.csv", "site,time,import,quality\na," + hour_text(0) + ",1,guessed\n");
  EXPECT_EQ(folder.failure(), "WL6021 site.csv:2");
  folder.write("site.csv", "site,time,import,quality\na," + hour_text(0) + ",,measured\n");
  EXPECT_EQ(folder.failure(), "WL6020 site.csv:2");
}

TEST(LoadTraces, refuses_values_that_are_none) {
  const auto failure = [](const std::string& value) {
    Folder folder;
    folder.ask("import");
    folder.write("site.csv", kHeader + "a," + hour_text(0) + ",1,0\na," + hour_text(1) + "," + value + ",0\n");
    return folder.failure();
  };
  EXPECT_EQ(failure("NaN"), "WL6017 site.csv:3");
  EXPECT_EQ(failure("1e400"), "WL6017 site.csv:3");
  EXPECT_EQ(failure("1234567890123456789"), "WL6018 site.csv:3");
  EXPECT_EQ(failure("999999999999999999"), "WL6018 site.csv:3");
  EXPECT_EQ(failure("0.1234"), "WL6019 site.csv:3");
  EXPECT_EQ(failure(""), "WL6020 site.csv:3");
  Folder folder;
  folder.ask("import");
  folder.write("site.csv", kHeader + "a," + hour_text(0) + ",0.1234,0\n");
  EXPECT_EQ(folder.load().failure().message, "`import` of `a` `0.1234` is finer than 1 Wh");
}

TEST(LoadTraces, finer_amounts_are_summed_and_coarser_ones_refused) {
  Folder folder;
  folder.ask("import");
  std::string rows = "site,time,import\n";
  for (int quarter = 0; quarter < 96; ++quarter) {
    const int minute = quarter % 4 * 15;
    std::string time = hour_text(quarter / 4);
    time.replace(14, 2, minute == 0 ? "00" : std::to_string(minute));
    rows += "a," + time + ",0.0" + std::to_string(10 + quarter % 4) + "\n";
  }
  folder.write("site.csv", rows);
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  EXPECT_EQ(traces->member_series[0].at(0, 7), 46);  // 10 + 11 + 12 + 13 Wh
  Folder coarse;
  coarse.ask("import");
  coarse.step = 900;
  coarse.write("site.csv", kHeader + day_of("a", 1));
  EXPECT_EQ(coarse.load().failure().code, "WL6024");
}

TEST(LoadTraces, mean_power_passes_a_register) {
  // 1.001 kW over a quarter-hour is 250 Wh and 900 J: 250, 250, 250, 251; sum 1,001.
  Folder folder;
  folder.ask("import");
  folder.step = 900;
  std::string rows = "site,time,import [kW]\n";
  for (int quarter = 0; quarter < 96; ++quarter) {
    const int minute = quarter % 4 * 15;
    std::string time = hour_text(quarter / 4);
    time.replace(14, 2, minute == 0 ? "00" : std::to_string(minute));
    rows += "a," + time + ",1.001\n";
  }
  folder.write("site.csv", rows);
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  int64_t day = 0;
  for (uint32_t step = 0; step < 96; ++step) day += traces->member_series[0].at(0, step);
  EXPECT_EQ(traces->member_series[0].at(0, 0), 250);
  EXPECT_EQ(traces->member_series[0].at(0, 3), 251);
  EXPECT_EQ(day, 24024);
}

TEST(LoadTraces, misaligned_steps_are_named) {
  Folder folder;
  folder.ask("import");
  folder.write("site.csv", "site,time,import\na,2025-01-01T00:00+01:00,1\na,2025-01-01T00:07+01:00,1\na,2025-01-01T00:14+01:00,1\n");
  EXPECT_EQ(folder.failure(), "WL6023 site.csv:2");
  folder.write("site.csv", "site,time,import\na,2025-01-01T00:03+01:00,1\na,2025-01-01T01:03+01:00,1\n");
  EXPECT_EQ(folder.failure(), "WL6023 site.csv:2");
}

// Local hours of 26 October 2025 in Oslo: 00, 01, 02 (summer), 02 (winter), 03, … 23: 25 of them.
std::string autumn_rows(std::vector<int> hours) {
  std::string rows = "time,spot\n";
  for (int hour : hours) rows += std::string("2025-10-26 ") + (hour < 10 ? "0" : "") + std::to_string(hour) + ":00," + std::to_string(hour) + "." + std::to_string(rows.size() % 9) + "\n";
  return rows;
}

TEST(LoadTraces, the_repeated_hour_must_be_in_order) {
  std::vector<int> hours;
  for (int hour = 0; hour < 24; ++hour) hours.insert(hours.end(), hour == 2 ? 2 : 1, hour);
  Folder folder;
  folder.from = "2025-10-26";
  folder.until = "2025-10-27";
  folder.ask_price();
  folder.write("market.csv", autumn_rows(hours));
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  EXPECT_EQ(traces->clock_series[0].values.size(), 25u);
  EXPECT_EQ(traces->clock_series[0].values[24] / 10, 23);
  hours.insert(hours.begin() + 4, 2);  // three times
  folder.write("market.csv", autumn_rows(hours));
  EXPECT_EQ(folder.failure(), "WL6015 market.csv:6");
  folder.request.series[0].missing = MissingPolicy::hold;  // no policy mends an order
  folder.write("market.csv", "time,spot\n2025-10-26 00:00,1\n2025-10-26 00:30,1\n2025-10-26 01:00,1\n2025-10-26 01:30,1\n2025-10-26 02:00,1\n2025-10-26 02:00,1\n2025-10-26 02:30,1\n2025-10-26 02:30,1\n");
  EXPECT_EQ(folder.failure(), "WL6015 market.csv:7");
}

TEST(LoadTraces, the_skipped_hour_does_not_exist) {
  Folder folder;
  folder.from = "2025-03-30";
  folder.until = "2025-03-31";
  folder.ask_price();
  folder.write("market.csv", "time,spot\n2025-03-30 00:00,1\n2025-03-30 01:00,1\n2025-03-30 02:00,1\n");
  EXPECT_EQ(folder.failure(), "WL6016 market.csv:4");
  std::string rows = "time,spot\n";
  for (int hour = 0; hour < 24; ++hour)
    if (hour != 2) rows += std::string("2025-03-30 ") + (hour < 10 ? "0" : "") + std::to_string(hour) + ":00,1\n";
  folder.write("market.csv", rows);
  EXPECT_EQ(folder.failure(), "none");
}

TEST(LoadTraces, clock_series_keep_the_digits_of_the_file) {
  Folder folder;
  folder.ask_price();
  std::string rows = "time,spot [NOK/MWh]\n";
  for (int hour = 0; hour < 24; ++hour) rows += hour_text(hour) + (hour == 4 ? ",-4.125\n" : ",512.50\n");
  folder.write("market.csv", rows);
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  const ClockSeries& spot = traces->clock_series[0];
  EXPECT_TRUE(spot.quantum.value() == Rational(1, 1000000));  // three decimals of NOK/MWh
  EXPECT_EQ(spot.values[0], 512500);
  EXPECT_EQ(spot.values[4], -4125);
  folder.step = 900;  // a price is held
  traces = folder.load();
  ASSERT_TRUE(traces);
  EXPECT_EQ(traces->clock_series[0].values[19], -4125);
  EXPECT_EQ(traces->clock_series[0].values[20], 512500);
  EXPECT_TRUE(traces->members[0].ids.empty());
}

TEST(LoadTraces, daily_prices_follow_local_days) {
  Folder folder;
  folder.from = "2025-03-29";
  folder.until = "2025-04-01";
  folder.ask_price();
  folder.write("market.csv", "time,spot\n2025-03-29,1\n2025-03-30,2\n2025-03-31,3\n");
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  EXPECT_EQ(traces->clock_series[0].values[46], 2);  // the 23rd hour of the short day
  EXPECT_EQ(traces->clock_series[0].values[47], 3);
}

TEST(LoadTraces, finds_no_file_or_no_column) {
  Folder folder;
  folder.ask("import");
  EXPECT_EQ(folder.load().failure().code, "WL6033");
  folder.write("site.csv", "site,time,imprt\na," + hour_text(0) + ",1\n");
  EXPECT_EQ(folder.failure(), "WL6007 site.csv:1");
  EXPECT_NE(folder.load().failure().hint.find("`imprt`"), std::string::npos);
  folder.write("site.csv", "time,import\n" + hour_text(0) + ",1\n");
  EXPECT_EQ(folder.failure(), "WL6007 site.csv:1");
  folder.write("site.csv", "site,time,import [litre]\na," + hour_text(0) + ",1\n");
  EXPECT_EQ(folder.failure(), "WL6022 site.csv:1");
  folder.write("site.csv", "site,time,import\n");
  EXPECT_EQ(folder.load().failure().code, "WL6004");
  folder.request.series[0].file = "../site.csv";
  EXPECT_EQ(folder.load().failure().code, "WL6032");
}

TEST(LoadTraces, hostile_files_fail_and_never_crash) {
  std::string garbage = kHeader;
  uint64_t state = 1;
  for (int i = 0; i < 200000; ++i) garbage += static_cast<char>((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
  const std::string texts[] = {"", "\n", kHeader, garbage, kHeader + std::string(10 << 20, '7'), kHeader + "a," + hour_text(0) + "," + std::string(60000, '9') + ",0\n",
                               kHeader + std::string(200, 'x') + "," + hour_text(0) + ",1,0\n", kHeader + "a\x1b[2J," + hour_text(0) + ",1,0\n", kHeader + ",,,\n", kHeader + "a,9999-99-99T99:99,1,0\n",
                               kHeader + "a,2025-01-01T00:00+01:00,1\n", "site,time,import,import\n", kHeader + "\"a,2025\n", std::string("\0\0\0\0", 4), kHeader + "a," + hour_text(0) + ",\xff\xfe,0\n"};
  for (const std::string& text : texts)
    for (bool has_table : {false, true}) {
      Folder folder;
      folder.ask("import");
      folder.write("site.csv", text);
      if (has_table) folder.write("sites.csv", "id\na\n");
      EXPECT_NE(folder.failure(), "none") << text.substr(0, 60);
    }
  Folder folder;
  folder.ask("import");
  fs::create_directories(folder.request.data_folder + "/site.csv");
  EXPECT_EQ(folder.load().failure().code, "WL6002");
}

TEST(LoadTraces, reads_attributes_of_members) {
  Folder folder;
  folder.ask("import");
  AttributeRequest zone, capacity, storage, since;
  zone.entity = capacity.entity = storage.entity = since.entity = "site";
  zone.name = "tax_zone";
  zone.kind = AttributeRequest::Kind::choice;
  zone.choices = {"south", "north"};
  zone.default_value = Rational(1);
  capacity.name = "capacity";
  capacity.unit = "kW";
  capacity.unit_meaning = meaning_of;
  storage.name = "storage";
  storage.kind = AttributeRequest::Kind::yes_no;
  storage.default_value = Rational(0);
  since.name = "since";
  since.kind = AttributeRequest::Kind::date;
  folder.request.attributes = {zone, capacity, storage, since};
  folder.write("site.csv", kHeader + day_of("a", 1) + day_of("b", 1));
  folder.write("sites.csv", "id,tax_zone,capacity,since\nb,,17.5,1970-01-03\na,south,25,1969-12-31\n");
  Result<Traces> traces = folder.load();
  ASSERT_TRUE(traces) << traces.failure().message;
  const auto& values = traces->attributes;
  EXPECT_EQ(traces->members[0].ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(values[0][0] == 0 && values[0][1] == 1);
  EXPECT_TRUE(values[1][0] == 25 && values[1][1] == Rational(35, 2));
  EXPECT_TRUE(values[2][0] == 0 && values[2][1] == 0);
  EXPECT_TRUE(values[3][0] == -1 && values[3][1] == 2);
  folder.write("sites.csv", "id,tax_zone,capacity,since\na,sout,1,1970-01-01\n");
  EXPECT_EQ(folder.failure(), "WL6040 sites.csv:2");
  folder.write("sites.csv", "id,capacity,since\na,,1970-01-01\n");
  EXPECT_EQ(folder.failure(), "WL6040 sites.csv:2");
  folder.write("sites.csv", "id,since\na,1970-01-01\n");
  EXPECT_EQ(folder.failure(), "WL6042 sites.csv:1");
  folder.write("sites.csv", "id,capacity,since\na,1,1970-01-01\na,1,1970-01-01\n");
  EXPECT_EQ(folder.failure(), "WL6029 sites.csv:3");
  folder.write("sites.csv", "id,capacity,since\na,1,1970-01-01\n");
  EXPECT_EQ(folder.load().failure().code, "WL6028");  // rows of b
  folder.write("sites.csv", "id,capacity,since\na,1,1970-01-01\nb,1,1970-01-01\nc,1,1970-01-01\n");
  EXPECT_EQ(folder.load().failure().code, "WL6027");  // c has no rows
}

TEST(LoadTraces, asks_for_memory_before_taking_it) {
  Folder folder;
  folder.ask("import");
  folder.write("site.csv", kHeader + day_of("a", 1));
  EXPECT_TRUE(folder.load(3072));  // 32 lanes x 24 steps x 4 bytes
  EXPECT_EQ(folder.load(3071).failure().code, "WL6034");
}

// What a plain loop reads from the file must be what the loader puts into tiles, over a clock change and a tile border.
TEST(LoadTraces, gives_back_what_was_synthesized_in_both_forms) {
  Folder long_form, wide;
  for (Folder* folder : {&long_form, &wide}) {
    folder->from = "2025-10-24";
    folder->until = "2025-10-28";
    folder->ask("import");
    folder->ask("export");
    HomesRequest homes;
    homes.members = 35;
    homes.folder = folder->request.data_folder;
    homes.form = folder == &wide ? HomesRequest::Form::wide : HomesRequest::Form::long_rows;
    ASSERT_TRUE(synthesize_homes(homes, *make_clock(*Zone::load(folder->zone), *parse_date(folder->from), *parse_date(folder->until), 3600)));
  }
  Result<Traces> a = long_form.load(), b = wide.load();
  ASSERT_TRUE(a) << a.failure().message;
  ASSERT_TRUE(b) << b.failure().message;
  std::ifstream file(long_form.request.data_folder + "/site.csv");
  std::string line;
  std::getline(file, line);
  for (uint32_t member = 0; member < 35; ++member)
    for (uint32_t step = 0; step < 97; ++step) {  // 4 days and the repeated hour
      ASSERT_TRUE(std::getline(file, line));
      const size_t comma = line.rfind(',');
      EXPECT_EQ(a->member_series[0].at(member, step), std::stoll(line.substr(33, comma - 33)));
      EXPECT_EQ(a->member_series[1].at(member, step), std::stoll(line.substr(comma + 1)));
      EXPECT_EQ(a->member_series[0].at(member, step), b->member_series[0].at(member, step));
      EXPECT_EQ(a->member_series[1].at(member, step), b->member_series[1].at(member, step));
    }
}

}  // namespace
}  // namespace wattlaw
