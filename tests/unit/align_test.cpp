#include "runtime/trace/align.h"

#include <gtest/gtest.h>

#include "runtime/trace/read_time.h"

namespace wattlaw {
namespace {

Clock clock_of(const char* from, const char* until, int32_t step) { return *make_clock(*Zone::load("Europe/Oslo"), *parse_date(from), *parse_date(until), step); }

SeriesRequest request_of(Flow flow, MissingPolicy missing) {
  SeriesRequest request;
  request.trace = "site";
  request.column = "import";
  request.unit = "kWh";
  request.flow = flow;
  request.missing = missing;
  request.unit_meaning = [](const std::string& text) -> std::optional<SeriesRequest::UnitMeaning> {
    if (text == "kWh") return SeriesRequest::UnitMeaning{Rational(1), false};
    if (text == "MWh") return SeriesRequest::UnitMeaning{Rational(1000), false};
    if (text == "third") return SeriesRequest::UnitMeaning{Rational(1, 3), false};
    if (text == "kW") return SeriesRequest::UnitMeaning{Rational(1), true};
    return std::nullopt;
  };
  return request;
}

TEST(TimeAxis, counts_slots_of_finer_equal_and_coarser_files) {
  const Clock clock = clock_of("2025-03-29", "2025-03-31", 3600);  // 24 + 23 hours
  const TimeAxis equal = *make_time_axis(clock, 3600, clock.begin), finer = *make_time_axis(clock, 900, clock.begin), coarser = *make_time_axis(clock, 4 * 3600, clock.begin + 8 * 3600);
  EXPECT_TRUE(equal.is_direct());
  EXPECT_EQ(equal.slots, 47u);
  EXPECT_EQ(finer.slots, 188u);
  EXPECT_EQ(finer.slots_per_step, 4u);
  EXPECT_EQ(coarser.slots, 12u);  // 47 / 4 rounded up
  uint32_t first = 0, end = 0;
  finer.steps_of(7, first, end);
  EXPECT_EQ(std::pair(first, end), std::pair(1u, 2u));
  coarser.steps_of(11, first, end);
  EXPECT_EQ(std::pair(first, end), std::pair(44u, 47u));
}

TEST(TimeAxis, a_coarser_slot_may_begin_before_the_clock) {
  // Rows at 00:00, 03:00, … UTC; the local day begins at 23:00 UTC, two hours into the slot of 21:00.
  const Clock clock = clock_of("2025-01-01", "2025-01-02", 3600);
  const TimeAxis axis = *make_time_axis(clock, 3 * 3600, clock.begin + 3600);
  EXPECT_EQ(axis.origin, clock.begin - 2 * 3600);
  uint32_t first = 0, end = 0, slot = 9;
  axis.steps_of(0, first, end);
  EXPECT_EQ(std::pair(first, end), std::pair(0u, 1u));
  axis.steps_of(1, first, end);
  EXPECT_EQ(std::pair(first, end), std::pair(1u, 4u));
  EXPECT_EQ(axis.place(clock.begin - 2 * 3600, slot), TimeAxis::Place::inside);
  EXPECT_EQ(slot, 0u);
  EXPECT_EQ(axis.place(clock.begin + 2 * 3600, slot), TimeAxis::Place::misaligned);
  EXPECT_EQ(axis.place(clock.begin + 24 * 3600, slot), TimeAxis::Place::after);
}

TEST(TimeAxis, local_days_have_23_to_25_hours) {
  const Clock clock = clock_of("2025-03-29", "2025-04-01", 3600);
  const TimeAxis axis = *make_time_axis(clock, 23 * 3600, clock.begin);
  EXPECT_TRUE(axis.is_daily);
  EXPECT_EQ(axis.slots, 3u);
  uint32_t first = 0, end = 0;
  axis.steps_of(1, first, end);
  EXPECT_EQ(std::pair(first, end), std::pair(24u, 47u));
}

TEST(TimeAxis, refuses_steps_that_do_not_fit) {
  const Clock clock = clock_of("2025-01-01", "2025-01-02", 3600);
  EXPECT_EQ(make_time_axis(clock, 7 * 60, clock.begin).failure().code, "WL6023");
  EXPECT_EQ(make_time_axis(clock, 5400, clock.begin).failure().code, "WL6023");
  EXPECT_EQ(make_time_axis(clock, 7200, clock.begin + 180).failure().code, "WL6023");
}

TEST(ColumnScale, is_exact_or_refused) {
  const SeriesRequest request = request_of(Flow::extensive, MissingPolicy::error);
  EXPECT_EQ(make_column_scale(request, "", request.quantum, 3600)->power_of_ten, 3);   // kWh in Wh
  EXPECT_EQ(make_column_scale(request, "MWh", request.quantum, 3600)->power_of_ten, 6);
  const ColumnScale third = *make_column_scale(request, "third", request.quantum, 3600);  // 1000/3
  EXPECT_EQ(third.power_of_ten, -1);
  EXPECT_TRUE(third.numerator == 1000 && third.denominator == 3);
  EXPECT_EQ(make_column_scale(request, "litre", request.quantum, 3600).failure().code, "WL6022");
}

TEST(SeriesBuilder, carries_what_mean_power_leaves_below_a_watt_hour) {
  // 0.1 kW over 5 minutes is 30,000 J = 8 Wh and 1,200 J; three slots make 25 Wh: 8, 8, 9.
  const Clock clock = clock_of("2025-01-01", "2025-01-02", 300);
  const SeriesRequest request = request_of(Flow::extensive, MissingPolicy::error);
  SeriesBuilder builder(request, clock, 2, 1 << 20);
  ASSERT_TRUE(builder.use_axis(*make_time_axis(clock, 300, clock.begin)));
  const ColumnScale scale = *make_column_scale(request, "kW", request.quantum, 300);
  for (uint32_t slot = 0; slot < 3; ++slot) {
    ASSERT_EQ(builder.put(0, slot, {1, 1}, scale, Quality::measured), PutFault::none);
    ASSERT_EQ(builder.put(1, slot, {-1, 1}, scale, Quality::measured), PutFault::none);  // own carry, other direction
  }
  const TileSeries series = builder.finish_member_series();
  EXPECT_EQ(series.at(0, 0), 8);
  EXPECT_EQ(series.at(0, 1), 8);
  EXPECT_EQ(series.at(0, 2), 9);
  EXPECT_EQ(series.at(1, 2), -9);
  EXPECT_EQ(series.min, -9);
  EXPECT_EQ(series.max, 9);
}

TEST(SeriesBuilder, sums_amounts_and_averages_states) {
  const Clock clock = clock_of("2025-01-01", "2025-01-02", 3600);
  const TimeAxis axis = *make_time_axis(clock, 1800, clock.begin);
  for (Flow flow : {Flow::extensive, Flow::intensive}) {
    const SeriesRequest request = request_of(flow, MissingPolicy::error);
    SeriesBuilder builder(request, clock, 1, 1 << 20);
    ASSERT_TRUE(builder.use_axis(axis));
    const ColumnScale scale = *make_column_scale(request, "", request.quantum, 1800);
    EXPECT_EQ(builder.put(0, 0, {3, 3}, scale, Quality::measured), PutFault::none);   // 3 Wh
    EXPECT_EQ(builder.put(0, 1, {5, 3}, scale, Quality::estimated), PutFault::none);  // 5 Wh: sum 8, mean 4
    EXPECT_EQ(builder.put(0, 2, {3, 3}, scale, Quality::measured), PutFault::none);
    EXPECT_EQ(builder.put(0, 3, {4, 3}, scale, Quality::measured), flow == Flow::extensive ? PutFault::none : PutFault::inexact_mean);  // 7 / 2
    EXPECT_EQ(builder.put(0, 4, {1, 4}, scale, Quality::measured), PutFault::finer);
    const TileSeries series = builder.finish_member_series();
    EXPECT_EQ(series.at(0, 0), flow == Flow::extensive ? 8 : 4);
    EXPECT_EQ(series.quality_at(0, 0), Quality::estimated);  // the worse of the two halves
    EXPECT_EQ(series.quality_at(0, 1), Quality::measured);
  }
}

TEST(SeriesBuilder, a_free_quantum_takes_the_digits_of_the_mean) {
  // (0.3 + 0.4) / 2 = 0.35 = 7 of a twentieth.
  const Clock clock = clock_of("2025-01-01", "2025-01-02", 3600);
  SeriesRequest request = request_of(Flow::intensive, MissingPolicy::error);
  request.per_member = false;
  request.quantum_free = true;
  SeriesBuilder builder(request, clock, 0, 1 << 20);
  builder.set_quantum(Quantum{1, 10});
  ASSERT_TRUE(builder.use_axis(*make_time_axis(clock, 1800, clock.begin)));
  const ColumnScale scale = *make_column_scale(request, "", builder.quantum(), 1800);
  EXPECT_EQ(builder.put(0, 0, {3, 1}, scale, Quality::measured), PutFault::none);
  EXPECT_EQ(builder.put(0, 1, {4, 1}, scale, Quality::measured), PutFault::none);
  const ClockSeries series = builder.finish_clock_series();
  EXPECT_EQ(series.values[0], 7);
  EXPECT_TRUE(series.quantum.value() == Rational(1, 20));
  EXPECT_EQ(series.values.size(), 24u);
}

TEST(SeriesBuilder, applies_each_policy_for_what_is_absent) {
  const Clock clock = clock_of("2025-01-01", "2025-01-02", 3600);
  const auto build = [&](MissingPolicy policy) {
    static SeriesRequest request;
    request = request_of(Flow::extensive, policy);
    SeriesBuilder builder(request, clock, 1, 1 << 20);
    EXPECT_TRUE(builder.use_axis(*make_time_axis(clock, 3600, clock.begin)));
    EXPECT_EQ(builder.put(0, 0, {5, 3}, *make_column_scale(request, "", request.quantum, 3600), Quality::measured), PutFault::none);
    const PutFault fault = builder.put_absent(0, 1, false);
    EXPECT_EQ(fault, policy == MissingPolicy::error ? PutFault::gap : PutFault::none);
    if (policy == MissingPolicy::error) { EXPECT_EQ(builder.put_absent(0, 1, true), PutFault::none); }
    return builder.finish_member_series();
  };
  const TileSeries held = build(MissingPolicy::hold), zero = build(MissingPolicy::zero), skip = build(MissingPolicy::skip), said = build(MissingPolicy::error);
  EXPECT_EQ(held.at(0, 1), 5);
  EXPECT_EQ(held.quality_at(0, 1), Quality::substituted);
  EXPECT_EQ(zero.at(0, 1), 0);
  EXPECT_EQ(zero.quality_at(0, 1), Quality::substituted);
  EXPECT_EQ(skip.at(0, 1), 0);
  EXPECT_EQ(skip.quality_at(0, 1), Quality::missing);
  EXPECT_EQ(said.quality_at(0, 1), Quality::missing);  // a reading that says it is missing is no gap
}

TEST(SeriesBuilder, widens_once_32_bits_do_not_do) {
  const Clock clock = clock_of("2025-01-01", "2025-01-02", 3600);
  const SeriesRequest request = request_of(Flow::extensive, MissingPolicy::error);
  SeriesBuilder builder(request, clock, 33, 1 << 20), tight(request, clock, 33, 8000);
  const ColumnScale scale = *make_column_scale(request, "", request.quantum, 3600);
  for (SeriesBuilder* each : {&builder, &tight}) {
    ASSERT_TRUE(each->use_axis(*make_time_axis(clock, 3600, clock.begin)));
    EXPECT_EQ(each->put(32, 0, {-2147483648LL, 3}, scale, Quality::measured), PutFault::none);
  }
  EXPECT_EQ(builder.put(0, 5, {2147483648LL, 3}, scale, Quality::measured), PutFault::none);
  EXPECT_EQ(tight.put(0, 5, {2147483648LL, 3}, scale, Quality::measured), PutFault::memory);  // 2 tiles x 24 x 32 x 8 = 12,288 bytes
  EXPECT_EQ(builder.put(0, 6, {999999999999999999LL, 0}, scale, Quality::measured), PutFault::out_of_range);
  const TileSeries series = builder.finish_member_series();
  EXPECT_EQ(series.width, 8);
  EXPECT_EQ(series.at(32, 0), -2147483648LL);
  EXPECT_EQ(series.at(0, 5), 2147483648LL);
  EXPECT_EQ(series.max, 2147483648LL);
}

TEST(TimeReader, reads_offsets_local_times_and_their_two_odd_hours) {
  const Zone zone = *Zone::load("Europe/Oslo");
  TimeReader reader(zone);
  const Instant noon = 1735729200;  // 2025-01-01T11:00Z
  for (const char* text : {"2025-01-01T12:00+01:00", "2025-01-01 12:00", "2025-01-01T11:00Z", "2025-01-01T11:00:00.000Z", "2025-01-01T12:00:00+0100", "2025-01-01T06:00-05"}) {
    EXPECT_EQ(reader.read(text).fault, TimeFault::none) << text;
    EXPECT_EQ(reader.read(text).instant, noon) << text;
  }
  EXPECT_EQ(reader.read("2025-03-30T02:30").fault, TimeFault::skipped);
  const ReadTime repeated = reader.read("2025-10-26T02:30");
  EXPECT_TRUE(repeated.is_repeated);
  EXPECT_EQ(repeated.second - repeated.instant, 3600);
  EXPECT_EQ(reader.read("2025-02-29T00:00Z").fault, TimeFault::no_such_day);
  EXPECT_EQ(reader.read("2025-01-01T00:00:00.5Z").fault, TimeFault::second_fraction);
  for (const char* text : {"", "2025", "2025-01-01T24:00", "2025-01-01T1:00", "2025-01-01T12:60Z", "01.01.2025 12:00", "2025-01-01T12:00+1", "2025-01-01T12:00 CET", "2025-01-01T12"})
    EXPECT_EQ(reader.read(text).fault, TimeFault::text) << text;
  EXPECT_EQ(print_instant(zone, noon), "2025-01-01 12:00+01:00");
}

TEST(TimeReader, remembers_the_day_only_where_that_is_safe) {
  const Zone zone = *Zone::load("Europe/Oslo");
  TimeReader reader(zone);
  const auto again = [&](std::string text) {
    text.resize(64, '\0');
    const char* after = nullptr;
    Instant instant = 0;
    return reader.read_again(text.data(), ',', after, instant) && *after == ',' ? instant : -1;
  };
  reader.read("2025-01-01T00:00+01:00");
  EXPECT_EQ(again("2025-01-01T12:00+01:00,"), 1735729200);
  EXPECT_EQ(again("2025-01-01T12:00:30+01:00,"), 1735729230);
  EXPECT_EQ(again("2025-01-01T12:00+02:00,"), -1);
  EXPECT_EQ(again("2025-01-02T12:00+01:00,"), -1);
  EXPECT_EQ(again("2025-01-01T24:00+01:00,"), -1);
  EXPECT_EQ(again("2025-01-01T12:00+01:00;"), -1);
  reader.read("2025-01-01T00:00");
  EXPECT_EQ(again("2025-01-01T12:00,"), 1735729200);
  reader.read("2025-10-26T00:00");  // the day of a change: each time asks the zone
  EXPECT_EQ(again("2025-10-26T01:00,"), -1);
}

}  // namespace
}  // namespace wattlaw
