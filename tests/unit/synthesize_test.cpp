#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "runtime/synthesize/homes.h"
#include "runtime/synthesize/prices.h"
#include "runtime/synthesize/sessions.h"

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

Clock clock_of(Date from, Date until, int32_t step) { return *make_clock(*Zone::load("Europe/Oslo"), from, until, step); }

std::string folder_of(const std::string& name) {
  const std::string folder = testing::TempDir() + "/synthesize_" + name;
  fs::remove_all(folder);
  return folder;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(text_of(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(SynthesizeHomes, a_year_is_plausible_and_complete) {
  const Clock clock = clock_of(date_of(2025, 1, 1), date_of(2026, 1, 1), 3600);
  HomesRequest request;
  request.members = 40;
  request.folder = folder_of("year");
  request.tax_zones = {"south", "north"};
  ASSERT_TRUE(synthesize_homes(request, clock));
  const std::vector<std::string> lines = lines_of(request.folder + "/site.csv");
  ASSERT_EQ(lines.size(), 1 + 40 * 8760u);  // 8,760 hours also with the two clock changes
  EXPECT_EQ(lines[0], "site,time,import [Wh],export [Wh]");
  EXPECT_EQ(lines[1].substr(0, 33), "home_0001,2025-01-01T00:00+01:00,");
  EXPECT_EQ(lines[8760].substr(0, 33), "home_0001,2025-12-31T23:00+01:00,");
  std::map<std::string, int64_t> year;
  int64_t january = 0, july = 0, exported = 0;
  for (size_t i = 1; i < lines.size(); ++i) {
    const int64_t wh = std::stoll(lines[i].substr(33));
    year[lines[i].substr(0, 9)] += wh;
    if (lines[i].substr(15, 2) == "01") january += wh;
    if (lines[i].substr(15, 2) == "07") july += wh;
    exported += std::stoll(lines[i].substr(lines[i].rfind(',') + 1));
  }
  EXPECT_EQ(year.size(), 40u);
  int64_t total = 0;
  for (const auto& [id, wh] : year) {
    EXPECT_GT(wh, 5'000'000) << id;
    EXPECT_LT(wh, 32'000'000) << id;
    total += wh;
  }
  EXPECT_GT(total / 40, 13'000'000);  // Norwegian homes use about 16 MWh
  EXPECT_LT(total / 40, 20'000'000);
  EXPECT_GT(january, 3 * july);
  EXPECT_GT(exported, 0);
  const std::vector<std::string> table = lines_of(request.folder + "/sites.csv");
  EXPECT_EQ(table.size(), 41u);
  EXPECT_EQ(table[0], "id,capacity [kW],tax_zone");
  EXPECT_TRUE(table[2].ends_with(",north"));
}

TEST(SynthesizeHomes, seed_decides_every_byte_and_form_none) {
  const Clock clock = clock_of(date_of(2025, 3, 29), date_of(2025, 3, 31), 900);
  HomesRequest request;
  request.members = 3;
  request.folder = folder_of("one");
  ASSERT_TRUE(synthesize_homes(request, clock));
  const std::string first = text_of(request.folder + "/site.csv");
  ASSERT_TRUE(synthesize_homes(request, clock));
  EXPECT_EQ(text_of(request.folder + "/site.csv"), first);
  request.seed = 2;
  ASSERT_TRUE(synthesize_homes(request, clock));
  EXPECT_NE(text_of(request.folder + "/site.csv"), first);

  request.seed = 1;
  request.form = HomesRequest::Form::wide;
  request.folder = folder_of("wide");
  ASSERT_TRUE(synthesize_homes(request, clock));
  const std::vector<std::string> wide = lines_of(request.folder + "/site.import.csv");
  ASSERT_EQ(wide.size(), 1 + 188u);  // 96 + 92 quarter-hours: an hour is skipped on 30 March
  EXPECT_EQ(wide[0], "time,home_0001 [Wh],home_0002 [Wh],home_0003 [Wh]");
  std::istringstream long_form(first);
  std::string line;
  std::getline(long_form, line);
  for (size_t row = 1; row <= 188; ++row) {  // home_0001 of the long form against the first column of the wide one
    std::getline(long_form, line);
    const std::string value = line.substr(33, line.rfind(',') - 33), cell = wide[row].substr(23);
    ASSERT_EQ(cell.substr(0, cell.find(',')), value) << row;
  }
}

TEST(SynthesizePrices, has_the_shape_of_a_market) {
  const Clock clock = clock_of(date_of(2025, 1, 1), date_of(2026, 1, 1), 3600);
  PricesRequest request;
  request.file = folder_of("prices") + "/market.csv";
  ASSERT_TRUE(synthesize_prices(request, clock));
  const std::vector<std::string> lines = lines_of(request.file);
  ASSERT_EQ(lines.size(), 8761u);
  EXPECT_EQ(lines[0], "time,spot [NOK/kWh]");
  double morning = 0, night = 0, sum = 0, most = 0;
  int negative = 0;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::string text = lines[i].substr(23);
    ASSERT_EQ(text.size() - text.find('.') - 1, 5u) << lines[i];
    const double price = std::stod(text);
    sum += price;
    most = std::max(most, price);
    if (price < 0) ++negative;
    if (lines[i].substr(11, 2) == "08") morning += price;
    if (lines[i].substr(11, 2) == "03") night += price;
  }
  EXPECT_GT(sum / 8760, 0.3);
  EXPECT_LT(sum / 8760, 1.2);
  EXPECT_GT(morning, 1.3 * night);
  EXPECT_GT(negative, 0);
  EXPECT_LT(negative, 500);
  EXPECT_GT(most, 2.0);
}

TEST(SynthesizeSessions, stays_are_nights_and_energy_fits_them) {
  const Clock clock = clock_of(date_of(2025, 1, 1), date_of(2025, 3, 1), 3600);
  SessionsRequest request;
  request.vehicles = 20;
  request.file = folder_of("sessions") + "/sessions.csv";
  ASSERT_TRUE(synthesize_sessions(request, clock));
  const std::vector<std::string> lines = lines_of(request.file);
  EXPECT_EQ(lines[0], "session,vehicle,begins,ends,delivered [kWh],charging_time [s],parking_time [s]");
  EXPECT_GT(lines.size(), 300u);  // 20 cars, 58 evenings, about 0.6 of them
  EXPECT_LT(lines.size(), 1000u);
  for (size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> fields;
    std::istringstream row(lines[i]);
    for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
    ASSERT_EQ(fields.size(), 7u);
    EXPECT_EQ(fields[0].substr(0, 9), fields[1] + "-");
    const std::string begins = fields[2], ends = fields[3];
    EXPECT_LT(begins, ends);
    EXPECT_GE(begins.substr(11, 2), "15");
    EXPECT_LE(ends.substr(11, 5), "09:00");
    const double energy = std::stod(fields[4]);
    EXPECT_GE(energy, 4.0);
    EXPECT_LE(energy, 40.0);
  }
}

TEST(Synthesize, refuses_with_nothing_left_behind) {
  const Clock clock = clock_of(date_of(2025, 1, 1), date_of(2025, 1, 2), 3600);
  HomesRequest homes;
  homes.folder = folder_of("none");
  homes.members = 0;
  EXPECT_EQ(synthesize_homes(homes, clock).failure().code, "WL6060");
  homes.members = 6000;
  homes.form = HomesRequest::Form::wide;
  EXPECT_EQ(synthesize_homes(homes, clock).failure().code, "WL6060");
  EXPECT_FALSE(fs::exists(homes.folder));
  PricesRequest prices;
  prices.file = folder_of("prices_bad") + "/market.csv";
  prices.currency = "kr";
  EXPECT_EQ(synthesize_prices(prices, clock).failure().code, "WL6060");
  prices.currency = "NOK";
  prices.file = "/proc/no/market.csv";
  EXPECT_EQ(synthesize_prices(prices, clock).failure().code, "WL6061");
  prices.file = folder_of("prices_folder") + "/market.csv";
  fs::create_directories(prices.file + "/inside");  // a folder stands where the file shall go
  EXPECT_EQ(synthesize_prices(prices, clock).failure().code, "WL6062");
  SessionsRequest sessions;
  sessions.vehicles = 0;
  EXPECT_EQ(synthesize_sessions(sessions, clock).failure().code, "WL6060");
}

}  // namespace
}  // namespace wattlaw
