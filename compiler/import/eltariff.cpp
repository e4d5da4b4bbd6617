#include "compiler/import/eltariff.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "compiler/import/document_reader.h"
#include "compiler/import/read_document.h"
#include "compiler/import/script_text.h"
#include "runtime/time/zone.h"

namespace wattlaw {
namespace {

using Kind = EltariffComponent::Kind;

struct CalendarPattern {
  WeekdaySet weekdays;
  bool is_dates = false;
};

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

class EltariffReader {
 public:
  EltariffReader(const Document& document, Diagnostics& diagnostics) : reader_(document, diagnostics) {}

  EltariffFile read(const std::string& path) {
    file_.stem = std::filesystem::path(path).stem().string();
    if (!reader_.expect_map(0, {"tariffs", "calendarPatterns"})) return file_;
    if (const auto patterns = reader_.child(0, "calendarPatterns"))
      for (DocumentId id : reader_.list(*patterns)) read_pattern(id);
    const auto tariffs = reader_.required(0, "tariffs");
    if (!tariffs) return file_;
    const std::vector<DocumentId> items = reader_.list(*tariffs);
    for (DocumentId id : items) read_tariff(id);
    if (items.empty() && reader_.node(*tariffs).kind == DocumentNode::Kind::list) reader_.error("WL8002", *tariffs, "the file holds no tariff");
    return std::move(file_);
  }

 private:
  // ---- days

  void read_pattern(DocumentId id) {
    if (!reader_.expect_map(id, {"reference", "frequency", "days", "dates"})) return;
    const auto reference = reader_.required_text(id, "reference"), frequency = reader_.required_text(id, "frequency");
    if (!reference || !frequency) return;
    CalendarPattern pattern;
    const auto days = reader_.child(id, "days"), dates = reader_.child(id, "dates");
    const bool has_days = days && !reader_.node(*days).entries.empty();
    if (*frequency == "P1W" && has_days) {
      for (DocumentId day : reader_.list(*days))
        if (const auto number = reader_.whole(day, 1, 7)) pattern.weekdays.set(static_cast<size_t>(*number - 1));
    } else if (*frequency == "P1Y" && dates && !has_days) {
      pattern.is_dates = true;
      EltariffCalendar calendar{*reference, {}};
      for (DocumentId date : reader_.list(*dates))
        if (const auto day = reader_.date(date)) calendar.dates.push_back(*day);
      std::sort(calendar.dates.begin(), calendar.dates.end());
      calendar.dates.erase(std::unique(calendar.dates.begin(), calendar.dates.end()), calendar.dates.end());
      file_.calendars.push_back(std::move(calendar));
    } else {
      reader_.error("WL8008", id, fmt::format("days of the pattern `{}` are neither days of the week (P1W) nor dates (P1Y)", *reference));
    }
    if (!patterns_.emplace(*reference, pattern).second) reader_.error("WL8006", id, fmt::format("two calendar patterns are called `{}`", *reference));
  }

  const CalendarPattern* pattern_of(DocumentId id) {
    const auto name = reader_.text(id);
    if (!name) return nullptr;
    const auto found = patterns_.find(*name);
    if (found != patterns_.end()) return &found->second;
    reader_.error("WL8002", id, fmt::format("no calendar pattern is called `{}`", *name));
    return nullptr;
  }

  // ---- sets of local time

  std::optional<int> minute_of(DocumentId map, const char* key) {
    const auto text = reader_.required_text(map, key);
    if (!text) return std::nullopt;
    int hour = 0, minute = 0, second = 0, size = 0;
    const bool is_time = text->size() == 8 && std::sscanf(text->c_str(), "%2d:%2d:%2d%n", &hour, &minute, &second, &size) == 3 && size == 8;
    if (is_time && hour >= 0 && hour <= 24 && minute >= 0 && minute < 60 && second == 0 && hour * 60 + minute <= 24 * 60) return hour * 60 + minute;
    reader_.error("WL8004", *reader_.child(map, key), fmt::format("`{}` is no time of day in whole minutes", *text)).hint("write it as 07:00:00");
    return std::nullopt;
  }

  // "weekdays 07:00 to 20:00 excluding holidays of goteborg_holidays"; empty for all times.
  std::string active_text(DocumentId id) {
    if (!reader_.expect_map(id, {"fromIncluding", "toExcluding", "calendarPatternReferences"})) return "";
    const auto from = minute_of(id, "fromIncluding"), to = minute_of(id, "toExcluding");
    WeekdaySet weekdays;
    std::vector<DayTerm> terms;
    std::string excluding;
    if (const auto references = reader_.required(id, "calendarPatternReferences"); references && reader_.expect_map(*references, {"include", "exclude"})) {
      if (const auto include = reader_.child(*references, "include"))
        for (DocumentId item : reader_.list(*include))
          if (const CalendarPattern* pattern = pattern_of(item)) {
            weekdays |= pattern->weekdays;
            if (pattern->is_dates) terms.push_back({calendar_days(item), ""});
          }
      if (const auto exclude = reader_.child(*references, "exclude"))
        for (DocumentId item : reader_.list(*exclude))
          if (const CalendarPattern* pattern = pattern_of(item)) {
            weekdays &= ~pattern->weekdays;
            if (pattern->is_dates) excluding += (excluding.empty() ? "" : " excluding ") + calendar_days(item);
          }
      if (weekdays.none() && terms.empty() && !reader_.has_errors()) reader_.error("WL8007", *references, "an active period without a day");
    }
    if (!from || !to) return "";
    if (*to < *from && *to > 0 && !weekdays.all())
      reader_.warning("WL8009", id, "the file does not say to which day a period belongs that passes midnight")
          .note("written is: both parts belong to the day named (`of the same day`); the other reading is `into the next day`");
    if (weekdays.all() && (!excluding.empty() || !terms.empty())) terms.insert(terms.begin(), {"Monday to Sunday", ""});
    else
      for (const std::string& run : weekday_runs(weekdays)) terms.insert(terms.begin(), {run, ""});
    for (DayTerm& term : terms) term.excluding = excluding;
    return time_set_text({}, terms, {{*from, *to}});
  }

  std::string calendar_days(DocumentId reference) { return "holidays of " + eltariff_calendar_name(file_.stem, *reader_.text(reference)); }

  std::vector<EltariffTimes> read_times(DocumentId component) {
    std::vector<EltariffTimes> times;
    const auto periods = reader_.child(component, "recurringPeriods");
    if (!periods) return times;
    for (DocumentId id : reader_.list(*periods)) {
      if (!reader_.expect_map(id, {"reference", "frequency", "activePeriods"})) continue;
      EltariffTimes read{reader_.required_text(id, "reference").value_or(""), ""};
      const auto frequency = reader_.required_text(id, "frequency");
      if (frequency && *frequency != "P1D") reader_.error("WL8008", *reader_.child(id, "frequency"), "a period that recurs otherwise than every day (P1D)");
      bool always = false;
      if (const auto active = reader_.required(id, "activePeriods"))
        for (DocumentId item : reader_.list(*active)) {
          const std::string text = active_text(item);
          always = always || text.empty();
          read.time_set += (read.time_set.empty() ? "" : " or ") + text;
        }
      if (always) read.time_set.clear();
      times.push_back(std::move(read));
    }
    return times;
  }

  // ---- tariffs

  EltariffPeriod read_valid(DocumentId map) {
    EltariffPeriod period;
    const auto id = reader_.required(map, "validPeriod");
    if (!id || !reader_.expect_map(*id, {"fromIncluding", "toExcluding"})) return period;
    period.from = reader_.required_date(*id, "fromIncluding").value_or(Date{});
    period.until = reader_.required_date(*id, "toExcluding").value_or(Date{period.from.days + 1});
    if (period.until <= period.from) reader_.error("WL8007", *id, "the period ends before it begins");
    return period;
  }

  void read_tariff(DocumentId id) {
    if (!reader_.expect_map(id, {"id", "name", "description", "validPeriod", "timeZone", "lastUpdated", "companyName", "companyOrgNo", "product", "direction",
                                 "billingPeriod", "fixedPrice", "energyPrice", "powerPrice"}))
      return;
    EltariffTariff tariff;
    tariff.name = reader_.required_text(id, "name").value_or("");
    tariff.company = reader_.required_text(id, "companyName").value_or("");
    tariff.updated = reader_.required_text(id, "lastUpdated").value_or("").substr(0, 10);
    if (const auto found = reader_.child(id, "description")) tariff.description = reader_.node(*found).text;  // often empty
    if (const auto found = reader_.child(id, "product")) tariff.product = reader_.node(*found).text;
    tariff.valid = read_valid(id);
    set_once(file_.zone, id, "timeZone", "time zones");
    if (const auto zone = reader_.child(id, "timeZone"); zone && !file_.zone.empty() && !Zone::load(file_.zone))
      reader_.error("WL8004", *zone, fmt::format("no time zone is called `{}`", file_.zone)).hint("write it as Europe/Stockholm");
    refuse_other(id, "direction", "consumption", "tariffs of production: the format does not say which way a price is paid");
    refuse_other(id, "billingPeriod", "P1M", "a billing period other than a month");
    prices_.clear();
    read_components(id, "fixedPrice", "sum(price(c))", Kind::fee, tariff);
    read_components(id, "energyPrice", "sum(energy(c)*price(c))", Kind::energy, tariff);
    read_components(id, "powerPrice", "sum(peak(c)*price(c))", Kind::power, tariff);
    if (tariff.components.empty() && !reader_.has_errors()) reader_.error("WL8002", id, "the tariff has no price component");
    find_vat(id, tariff);
    file_.tariffs.push_back(std::move(tariff));
  }

  void set_once(std::string& value, DocumentId map, const char* key, const char* things) {
    const auto found = reader_.required_text(map, key);
    if (!found) return;
    if (!value.empty() && value != *found)
      reader_.error("WL8008", *reader_.child(map, key), fmt::format("one file in two {}, `{}` and `{}`", things, value, *found)).hint("import it in parts");
    value = *found;
  }

  void refuse_other(DocumentId map, const char* key, std::string_view known, const char* what) {
    const auto found = reader_.required_text(map, key);
    if (found && without_spaces(*found) != known) reader_.error("WL8008", *reader_.child(map, key), fmt::format("`{}`: this version does not settle {}", *found, what));
  }

  void read_components(DocumentId tariff_id, const char* key, std::string_view cost_function, Kind kind, EltariffTariff& tariff) {
    const auto id = reader_.child(tariff_id, key);
    if (!id || !reader_.expect_map(*id, {"id", "name", "description", "costFunction", "unit", "components"})) return;
    const auto components = reader_.required(*id, "components");
    if (!components) return;
    const std::vector<DocumentId> items = reader_.list(*components);
    if (!items.empty()) refuse_other(*id, "costFunction", cost_function, "a cost function other than the sum over components");
    for (DocumentId item : items) read_component(item, kind, tariff);
  }

  void read_component(DocumentId id, Kind kind, EltariffTariff& tariff) {
    if (!reader_.expect_map(id, {"id", "name", "description", "type", "reference", "validPeriod", "price", "unit", "url", "pricedPeriod", "spotPriceSettings",
                                 "peakIdentificationSettings", "recurringPeriods"}))
      return;
    EltariffComponent component;
    component.kind = kind;
    component.name = reader_.required_text(id, "name").value_or("");
    component.reference = reader_.optional_text(id, "reference").value_or("main");
    component.valid = read_valid(id);
    if (component.valid.until <= tariff.valid.from || component.valid.from >= tariff.valid.until)
      reader_.error("WL8006", id, fmt::format("the component `{}` holds at no time at which its tariff does", component.name));
    const std::vector<EltariffTimes> times = read_times(id);
    if (const auto type = reader_.required(id, "type")) {
      const auto index = reader_.one_of(*type, {"fixed", "public", "specific", "spot", "peak", "dynamic"});
      if (index == 3u) component.kind = Kind::spot;
      if (index == 5u) reader_.error("WL8008", *type, "dynamic power prices: they stand in another answer of the interface (/prices)");
    }
    if (const auto unit = reader_.optional_text(id, "unit"); unit && *unit != (kind == Kind::power ? "kW" : "kWh"))
      reader_.error("WL8008", *reader_.child(id, "unit"), fmt::format("a price per `{}`", *unit));
    if (component.kind == Kind::spot) read_spot(id, component);
    else read_price(id, component);
    if (kind == Kind::fee) read_fee_period(id, component);
    if (kind == Kind::energy) component.times = join_times(times);
    if (kind == Kind::power && !reader_.has_errors()) read_peaks(id, times, component);
    if (kind == Kind::fee && !times.empty()) reader_.error("WL8008", id, "a fee that holds at some times of day only");
    tariff.components.push_back(std::move(component));
  }

  static EltariffTimes join_times(const std::vector<EltariffTimes>& times) {
    EltariffTimes joined;
    for (const EltariffTimes& one : times) {
      if (one.time_set.empty()) return {};
      joined.reference = joined.reference.empty() ? one.reference : joined.reference;
      joined.time_set += (joined.time_set.empty() ? "" : " or ") + one.time_set;
    }
    return joined;
  }

  void read_price(DocumentId component_id, EltariffComponent& component) {
    const auto id = reader_.required(component_id, "price");
    if (!id || !reader_.expect_map(*id, {"priceExVat", "priceIncVat", "currency"})) return;
    const auto ex = reader_.required_figure(*id, "priceExVat"), incl = reader_.required_figure(*id, "priceIncVat");
    read_currency(*id);
    if (ex) component.price_ex_vat = ex->value;
    if (ex && incl) prices_.push_back({*id, ex->value, incl->value, places_of(reader_.node(*reader_.child(*id, "priceIncVat")).text)});
  }

  void read_currency(DocumentId price) {
    set_once(file_.currency, price, "currency", "currencies");
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (file_.currency.empty() || (file_.currency.size() == 3 && std::all_of(file_.currency.begin(), file_.currency.end(), is_capital))) return;
    reader_.error("WL8004", *reader_.child(price, "currency"), fmt::format("`{}` is no currency", file_.currency)).hint("write it as SEK");
    file_.currency.clear();
  }

  static int places_of(const std::string& text) {
    const size_t point = text.find('.');
    return point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  }

  void read_spot(DocumentId component_id, EltariffComponent& component) {
    const auto id = reader_.required(component_id, "spotPriceSettings");
    if (!id || !reader_.expect_map(*id, {"multiplier", "currency"})) return;
    if (const auto multiplier = reader_.required_figure(*id, "multiplier")) component.price_ex_vat = multiplier->value;
    read_currency(*id);
  }

  void read_fee_period(DocumentId id, EltariffComponent& component) {
    static const std::map<std::string, std::string> words = {{"P1Y", "year"}, {"P1M", "month"}, {"P1D", "day"}, {"P3M", "quarter"}};
    const auto period = reader_.required_text(id, "pricedPeriod");
    if (!period) return;
    const auto found = words.find(*period);
    if (found != words.end()) component.per = found->second;
    else reader_.error("WL8008", *reader_.child(id, "pricedPeriod"), fmt::format("a fee for `{}`", *period)).hint("known are P1D, P1M, P3M and P1Y");
  }

  // ---- peaks

  void read_peaks(DocumentId component_id, const std::vector<EltariffTimes>& times, EltariffComponent& component) {
    const auto id = reader_.required(component_id, "peakIdentificationSettings");
    if (!id || !reader_.expect_map(*id, {"peakFunction", "peakIdentificationPeriod", "peakDuration", "numberOfPeaksForAverageCalculation"})) return;
    const auto function = reader_.required(*id, "peakFunction"), period = reader_.required(*id, "peakIdentificationPeriod");
    const auto duration = reader_.required(*id, "peakDuration"), count = reader_.required(*id, "numberOfPeaksForAverageCalculation");
    if (!function || !period || !duration || !count) return;
    static const std::map<std::string, std::string> windows = {{"PT1H", "hour"}, {"PT60M", "hour"}, {"PT30M", "30 min"}, {"PT15M", "15 min"}};
    const auto window = windows.find(reader_.text(*duration).value_or(""));
    if (window != windows.end()) component.window = window->second;
    else reader_.error("WL8008", *duration, "a peak measured over another time than an hour, 30 or 15 minutes");
    component.peak_count = reader_.whole(*count, 1, 31).value_or(1);
    const std::string each = reader_.text(*period).value_or("");
    component.peak_per_day = each == "P1D" && component.peak_count > 1;  // the highest of the month's days is the month's highest
    if (each != "P1D" && each != "P1M") reader_.error("WL8008", *period, fmt::format("peaks of `{}`", each)).hint("known are P1D and P1M");
    if (each == "P1M" && component.peak_count > 1)
      reader_.error("WL8006", *count, fmt::format("one peak a month is identified, and {} are averaged", component.peak_count)).hint("for peaks on different days the period is P1D");
    read_peak_function(*function, times, component);
  }

  // peak(main) · max(peak(high), peak(low)/2)
  void read_peak_function(DocumentId id, const std::vector<EltariffTimes>& times, EltariffComponent& component) {
    std::string text = without_spaces(reader_.text(id).value_or(""));
    if (text.starts_with("max(") && text.ends_with(")")) text = text.substr(4, text.size() - 5);
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find(',', at), text.size());
      const auto term = read_peak_term(id, text.substr(at, end - at), times);
      if (!term) return;
      component.peaks.push_back(*term);
      at = end + 1;
    }
    if (component.peaks.empty()) reader_.error("WL8002", id, "the peak function is empty");
  }

  static bool is_decimal_inverse(const Rational& factor) {
    const Rational thousandfold = Rational(1000) / factor;
    return denominator(thousandfold) == 1;
  }

  std::optional<EltariffPeakTerm> read_peak_term(DocumentId id, const std::string& text, const std::vector<EltariffTimes>& times) {
    const size_t close = text.find(')');
    EltariffPeakTerm term;
    if (text.starts_with("peak(") && close != std::string::npos) {
      const std::string tail = text.substr(close + 1);
      const auto factor = tail.empty() ? std::optional<Rational>(1) : exact_number(tail.substr(1));
      const bool is_scaled = tail.empty() || (factor && *factor > 0 && (tail[0] == '*' || (tail[0] == '/' && is_decimal_inverse(*factor))));
      if (is_scaled) {
        term.factor = tail.starts_with('/') ? Rational(1) / *factor : *factor;
        term.times.reference = text.substr(5, close - 5);
        if (times.empty()) return term;
        for (const EltariffTimes& one : times)
          if (one.reference == term.times.reference) {
            term.times.time_set = one.time_set;
            return term;
          }
        reader_.error("WL8002", id, fmt::format("the component has no recurring period `{}`", term.times.reference));
        return std::nullopt;
      }
    }
    reader_.error("WL8008", id, fmt::format("`{}`: this version does not settle such a peak function", reader_.node(id).text))
        .hint("known are `peak(main)` and `max(peak(high), peak(low)/2)`");
    return std::nullopt;
  }

  // ---- value added tax: the one rate, in half per cents, that agrees with both prices of every component

  struct PricePair {
    DocumentId id;
    Rational ex, incl;
    int places;  // of the price with tax: it may be rounded
  };

  static bool agrees(const PricePair& pair, const Rational& percent) {
    Rational half_unit(1, 2);
    for (int i = 0; i < pair.places; ++i) half_unit /= 10;
    const Rational difference = pair.ex * (100 + percent) / 100 - pair.incl;
    return difference <= half_unit && -difference <= half_unit;
  }

  void find_vat(DocumentId id, EltariffTariff& tariff) {
    std::vector<Rational> rates;
    for (int halves = 0; halves <= 60; ++halves) {
      const Rational percent(halves, 2);
      if (std::all_of(prices_.begin(), prices_.end(), [&](const PricePair& pair) { return agrees(pair, percent); })) rates.push_back(percent);
    }
    const auto untaxed = [](const PricePair& pair) { return pair.ex == 0; };
    if (reader_.has_errors()) return;
    if (rates.empty()) {
      reader_.error("WL8006", id, "no one rate of VAT agrees with the prices of all components").note("of the first component they are " + decimal_text(prices_[0].ex) + " without and " + decimal_text(prices_[0].incl) + " with it");
    } else if (std::find(rates.begin(), rates.end(), Rational(25)) != rates.end() && !std::all_of(prices_.begin(), prices_.end(), untaxed)) {
      tariff.vat_percent = 25;  // Sweden's, where rounded prices leave a choice
    } else {
      tariff.vat_percent = rates.front();
    }
  }

  DocumentReader reader_;
  EltariffFile file_;
  std::map<std::string, CalendarPattern> patterns_;
  std::vector<PricePair> prices_;  // of the tariff at hand
};

}  // namespace

std::optional<ImportedScript> import_eltariff(const SourceFile& source, uint32_t file, const ImportChoices&, Diagnostics& diagnostics) {
  const size_t errors = diagnostics.error_count();
  const std::optional<Document> document = read_json(source, file, diagnostics);
  if (!document) return std::nullopt;
  const EltariffFile read = EltariffReader(*document, diagnostics).read(source.path);
  return diagnostics.error_count() > errors ? std::nullopt : std::optional(write_eltariff(read));
}

}  // namespace wattlaw
