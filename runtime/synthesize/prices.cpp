#include "runtime/synthesize/prices.h"

#include <algorithm>
#include <utility>

#include "runtime/synthesize/csv_output.h"
#include "runtime/synthesize/random_stream.h"

namespace wattlaw {
namespace {

constexpr int kPlaces = 5;
constexpr uint64_t kPriceBranch = (uint64_t{1} << 40) + 1;
constexpr int64_t kHourShape[24] = {780, 730, 700, 690, 710, 800, 980, 1230, 1290, 1160, 1040, 980, 940, 900, 910, 980, 1120, 1310, 1400, 1320, 1180, 1050, 950, 850};
constexpr int64_t kMonthShape[12] = {1350, 1300, 1080, 950, 800, 720, 680, 780, 880, 980, 1180, 1300};

// Mean price in 10^-5 of the currency, by today's rough exchange rates.
int64_t mean_price(const std::string& currency) {
  constexpr std::pair<const char*, int64_t> means[] = {{"NOK", 65000}, {"SEK", 62000}, {"DKK", 65000}, {"EUR", 7500}, {"GBP", 7500}, {"USD", 5000}, {"AUD", 9000}};
  for (const auto& [name, mean] : means)
    if (currency == name) return mean;
  return 10000;
}

}  // namespace

Status synthesize_prices(const PricesRequest& request, const Clock& clock) {
  const bool is_code = request.currency.size() == 3 && std::all_of(request.currency.begin(), request.currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_code) return Failure{"WL6060", "a currency is named by three capital letters", "write `NOK` or `EUR`", "", 0, ""};
  Result<CsvOutput> opened = CsvOutput::create(request.file);
  if (!opened) return opened.failure();
  CsvOutput& out = *opened;
  out.add("time,spot [" + request.currency + "/kWh]\n");
  const int64_t mean = mean_price(request.currency);
  RandomStream random(request.seed, kPriceBranch);
  int64_t wander = 0, wind = 0, spike = 1000, price = 0;  // permille, but for price
  int64_t hour_seen = -1;
  for (uint32_t step = 0; step < clock.steps; ++step) {
    const Date date = clock.date_of_step(step);
    const int month = civil_of(date).month - 1, minute = clock.local_minute[step];
    const int64_t hour_of_clock = (clock.instant_of(step) - clock.begin) / 3600;
    if (hour_of_clock != hour_seen) {
      hour_seen = hour_of_clock;
      wander = wander * 992 / 1000 + random.bell(22);
      wind = wind * 970 / 1000 + random.bell(90);
      const bool is_winter = month < 2 || month > 9;
      spike = spike > 1100 ? 1000 + (spike - 1000) * 6 / 10 : 1000;
      if (is_winter && random.between(0, 699) == 0) spike = random.between(2500, 6000);
      int64_t level = mean * kHourShape[minute / 60] / 1000 * kMonthShape[month] / 1000;
      if (weekday_of(date) >= 5) level = level * 880 / 1000;
      level = level * std::max<int64_t>(1000 + wander, 150) / 1000;
      price = level * spike / 1000;
      if (wind > 330) price -= level * (wind - 330) * 4 / 1000;  // more wind than the hour can use
      if (price < 0) price = price / 8;
    }
    int64_t written = price;
    if (clock.step_seconds < 3600) written += price * random.between(-60, 60) / 1000;
    out.add(print_iso(clock.zone, clock.instant_of(step)));
    out.add(',');
    out.add_decimal(written, kPlaces);
    out.add('\n');
  }
  return out.finish();
}

}  // namespace wattlaw
