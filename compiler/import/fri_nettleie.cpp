#include "compiler/import/fri_nettleie.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "compiler/import/document_reader.h"
#include "compiler/import/read_document.h"
#include "compiler/import/script_text.h"

namespace wattlaw {
namespace {

using Kind = DocumentNode::Kind;

const std::vector<std::string> kGroups = {"husholdning", "fritid", "liten_næring"};
const std::vector<std::string> kMethods = {"TRE_DØGNMAX_MND", "MND_MAX", "OV_TREFASE", "FEM_VEKTET_ÅR", "UKJENT"};
const std::vector<std::string> kMonths = {"januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"};
const std::vector<std::string> kDays = {"mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag",
                                        "ukedag", "helg", "helligdager", "fridag", "virkedag", "alle"};

// A month, a weekday that is or is no holiday, an hour: the finest that this format can tell apart.
using TimeCells = std::bitset<12 * 7 * 2 * 24>;

struct DaySet {
  WeekdaySet working, holiday;  // weekdays when the day is no holiday, and when it is one
  std::vector<DayTerm> terms;
};

struct ReadException {
  DocumentId id;
  NettleieException said;
  TimeCells cells;
};

class NettleieReader {
 public:
  NettleieReader(const Document& document, Diagnostics& diagnostics) : reader_(document, diagnostics) {}

  NettleieFile read(const std::string& path) {
    NettleieFile file;
    file.stem = std::filesystem::path(path).stem().string();
    if (!reader_.expect_map(0, {"netteier", "gln", "mga", "sist_oppdatert", "kilder", "tariffer"})) return file;
    file.company = reader_.required_text(0, "netteier").value_or("");
    file.updated = print_date(reader_.required_date(0, "sist_oppdatert").value_or(Date{}));
    if (const auto id = reader_.required(0, "kilder")) file.pages = reader_.texts(*id);
    if (const auto id = reader_.child(0, "gln")) file.company_ids = reader_.texts(*id);
    if (const auto id = reader_.child(0, "mga")) file.grid_areas = reader_.texts(*id);
    const auto sheets = reader_.required(0, "tariffer");
    if (!sheets) return file;
    for (DocumentId id : reader_.list(*sheets)) read_sheet(id, file);
    if (file.sheets.empty() && reader_.node(*sheets).entries.empty() && reader_.node(*sheets).kind == Kind::list)
      reader_.error("WL8002", *sheets, "the file holds no tariff");
    if (reader_.has_errors()) return file;
    refuse_simultaneous(file);
    warn_mid_month(file);
    return file;
  }

 private:
  void read_sheet(DocumentId id, NettleieFile& file) {
    if (!reader_.expect_map(id, {"kundegrupper", "navn", "gyldig_fra", "gyldig_til", "fastledd", "energiledd"})) return;
    NettleieSheet sheet;
    sheet.index = file.sheets.size();
    sheet.area = reader_.optional_text(id, "navn").value_or("");
    if (const auto groups = reader_.required(id, "kundegrupper")) read_groups(*groups, sheet);
    sheet.from = reader_.required_date(id, "gyldig_fra").value_or(Date{});
    sheet.until = reader_.optional_date(id, "gyldig_til");
    if (sheet.until && *sheet.until <= sheet.from)
      reader_.error("WL8007", *reader_.child(id, "gyldig_til"), "the price sheet ends before it begins").hint("`gyldig_til` is the first day on which it no longer holds");
    if (const auto capacity = reader_.required(id, "fastledd")) read_capacity(*capacity, sheet);
    if (const auto energy = reader_.required(id, "energiledd")) read_energy(*energy, sheet);
    file.sheets.push_back(std::move(sheet));
    sheet_ids_.push_back(id);
  }

  void read_groups(DocumentId id, NettleieSheet& sheet) {
    const std::vector<DocumentId> items = reader_.list(id);
    for (DocumentId item : items)
      if (const auto group = reader_.one_of(item, kGroups)) sheet.customers.set(*group);
    if (items.empty() && reader_.node(id).kind == Kind::list) reader_.error("WL8002", id, "the price sheet holds for no customer group");
  }

  // An end on the day on which another sheet begins is told once, of the other.
  void warn_mid_month(const NettleieFile& file) {
    for (const NettleieSheet& sheet : file.sheets) {
      warn_mid_month(sheet, "gyldig_fra", sheet.from);
      const auto begins_then = [&sheet](const NettleieSheet& other) { return other.from == *sheet.until; };
      if (sheet.until && std::none_of(file.sheets.begin(), file.sheets.end(), begins_then)) warn_mid_month(sheet, "gyldig_til", *sheet.until);
    }
  }
  void warn_mid_month(const NettleieSheet& sheet, const char* key, Date date) {
    if (civil_of(date).day == 1) return;
    reader_.warning("WL8009", *reader_.child(sheet_ids_[sheet.index], key),
                    fmt::format("{} lies inside a month, and the source does not say what the capacity charge of that month is", print_date(date)))
        .hint("before that month is settled write `change within period: by days`, `at start` or `at end` into the tariff; for its first or last month "
              "`partial periods prorated by days`, `in full` or `none`");
  }

  // ---- capacity

  void read_capacity(DocumentId id, NettleieSheet& sheet) {
    if (!reader_.expect_map(id, {"metode", "terskel_inkludert", "terskler"})) return;
    if (const auto method = reader_.required(id, "metode"))
      if (const auto index = reader_.one_of(*method, kMethods)) {
        sheet.method = static_cast<DemandMethod>(*index);  // kMethods stands in the order of the enumeration
        warn_method(*method, sheet.method);
      }
    if (const auto steps = reader_.required(id, "terskler")) read_steps(*steps, sheet);
    if (const auto included = reader_.child(id, "terskel_inkludert")) {
      sheet.includes_threshold = reader_.yes_no(*included).value_or(true);
    } else if (sheet.steps.size() > 1) {
      reader_.warning("WL8009", id, "the source does not say on which step a customer is who is exactly on a threshold")
          .note("written is: on the step above (`from 5 kW`); the other reading is `above 5 kW`");
    }
  }

  // Told once a file.
  void warn_method(DocumentId id, DemandMethod method) {
    if (std::exchange(warned_of_[static_cast<size_t>(method)], true)) return;
    if (method == DemandMethod::unknown)
      reader_.warning("WL8009", id, "the source does not know how the demand is measured")
          .note("written is: the demand is what the company bills, a column `billed_demand` of sites.csv");
    if (method == DemandMethod::five_weighted_weekly)
      reader_.warning("WL8008", id, "the file does not say how the weekly peaks of twelve months are weighted")
          .note("written is: the demand is what the company bills, a column `billed_demand` of sites.csv");
  }

  void read_steps(DocumentId id, NettleieSheet& sheet) {
    const std::vector<DocumentId> items = reader_.list(id);
    std::vector<std::pair<NettleieStep, DocumentId>> steps;
    for (DocumentId item : items) {
      if (!reader_.expect_map(item, {"terskel", "pris"})) continue;
      const auto threshold = reader_.required_figure(item, "terskel"), price = reader_.required_figure(item, "pris");
      if (threshold && price) steps.push_back({{threshold->value, price->value}, *reader_.child(item, "terskel")});
    }
    std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.first.threshold < b.first.threshold; });
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto& [step, where] = steps[i];
      if (i > 0 && step.threshold == steps[i - 1].first.threshold)
        reader_.error("WL8006", where, fmt::format("two steps begin at {}", decimal_text(step.threshold)));
      if (step.threshold < 0) reader_.error("WL8007", where, "a step begins below zero");
      sheet.steps.push_back(step);
    }
    if (!steps.empty() && steps.size() == items.size() && steps[0].first.threshold > 0)
      reader_.error("WL8007", steps[0].second, "nothing is said of a demand below the first step").hint("the first `terskel` is 0");
    if (items.empty() && reader_.node(id).kind == Kind::list) reader_.error("WL8002", id, "the capacity charge has no step");
  }

  // ---- energy

  void read_energy(DocumentId id, NettleieSheet& sheet) {
    if (!reader_.expect_map(id, {"grunnpris", "unntak"})) return;
    if (const auto price = reader_.required_figure(id, "grunnpris")) sheet.ore_per_kwh = price->value;
    const auto list = reader_.child(id, "unntak");
    if (!list) return;
    std::vector<ReadException> read;
    for (DocumentId item : reader_.list(*list))
      if (std::optional<ReadException> exception = read_exception(item)) {
        for (const ReadException& earlier : read)
          if ((earlier.cells & exception->cells).any())
            reader_.error("WL8006", item, fmt::format("the exceptions `{}` and `{}` hold at the same time", earlier.said.name, exception->said.name))
                .note(first_common(earlier.cells & exception->cells) + " has two prices")
                .hint("the format does not say which of two exceptions goes first");
        read.push_back(std::move(*exception));
      }
    for (ReadException& exception : read) sheet.exceptions.push_back(std::move(exception.said));
  }

  std::optional<ReadException> read_exception(DocumentId id) {
    if (!reader_.expect_map(id, {"navn", "timer", "dager", "måneder", "pris"})) return std::nullopt;
    ReadException exception{id, {}, {}};
    exception.said.name = reader_.optional_text(id, "navn").value_or("unntak");
    const auto price = reader_.required_figure(id, "pris");
    HourSet hours = HourSet().set();
    MonthSet months = MonthSet().set();
    DaySet days{WeekdaySet().set(), WeekdaySet().set(), {}};
    if (const auto found = reader_.child(id, "timer")) hours = read_hours(*found);
    if (const auto found = reader_.child(id, "måneder")) months = read_months(*found);
    if (const auto found = reader_.child(id, "dager")) days = read_days(*found);
    if (!price) return std::nullopt;
    exception.said.ore_per_kwh = price->value;
    exception.said.time_set = time_set_text(month_runs(months), days.terms, hour_runs(hours));
    if (exception.said.time_set.empty() && !reader_.has_errors())
      reader_.error("WL8006", id, fmt::format("the exception `{}` holds at every time, so `grunnpris` never does", exception.said.name))
          .hint("write its price as `grunnpris`");
    for (size_t cell = 0; cell < exception.cells.size(); ++cell) {
      const size_t hour = cell % 24, holiday = cell / 24 % 2, weekday = cell / 48 % 7, month = cell / 336;
      if (hours[hour] && months[month] && (holiday ? days.holiday : days.working)[weekday]) exception.cells.set(cell);
    }
    return exception;
  }

  std::string first_common(const TimeCells& cells) const {
    size_t cell = 0;
    while (!cells[cell]) ++cell;
    return fmt::format("{:02}:00 on a `{}`{} in `{}`", cell % 24, kDays[cell / 48 % 7], cell / 24 % 2 ? " that is a holiday" : "", kMonths[cell / 336]);
  }

  MonthSet read_months(DocumentId id) {
    MonthSet months;
    for (DocumentId item : reader_.list(id))
      if (const auto month = reader_.one_of(item, kMonths)) months.set(*month);
    if (months.none() && !reader_.has_errors()) reader_.error("WL8007", id, "an exception without a month");
    return months;
  }

  // Several days are one or the other.
  DaySet read_days(DocumentId id) {
    constexpr WeekdaySet kWorkweek(0b0011111), kWeekend(0b1100000);
    const WeekdaySet all = WeekdaySet().set();
    DaySet days;
    WeekdaySet plain;  // weekdays whether they are holidays or not
    bool holidays = false;
    for (DocumentId item : reader_.list(id)) {
      const auto index = reader_.one_of(item, kDays);
      if (!index) continue;
      const std::string& word = kDays[*index];
      if (*index < 7) plain.set(*index);
      if (word == "ukedag") plain |= kWorkweek;
      if (word == "helg" || word == "fridag") plain |= kWeekend;
      if (word == "alle") plain = all;
      if (word == "helligdager" || word == "fridag") holidays = true;
      if (word == "virkedag") days.working |= kWorkweek;
    }
    days.working |= plain;
    days.holiday = holidays ? all : plain;
    if (days.working.none() && days.holiday.none() && !reader_.has_errors()) reader_.error("WL8007", id, "an exception without a day");
    const bool excludes = (days.working & ~plain).any();
    if (plain == all || (days.working == all && holidays)) return days;
    if (excludes) days.terms.push_back({"workdays", "holidays of norway"});
    for (const std::string& run : weekday_runs(plain)) days.terms.push_back({run, ""});
    if (holidays) days.terms.push_back({"holidays of norway", ""});
    return days;
  }

  // "6-21" (the last hour belongs to it), 6, or a list of such.
  HourSet read_hours(DocumentId id) {
    HourSet hours;
    const std::vector<DocumentId> items = reader_.node(id).kind == Kind::list ? reader_.list(id) : std::vector<DocumentId>{id};
    for (DocumentId item : items) {
      const std::string& text = reader_.node(item).text;
      const size_t dash = text.find('-');
      const std::optional<int> first = hour_of(text.substr(0, dash));
      const std::optional<int> last = dash == std::string::npos ? first : hour_of(text.substr(dash + 1));
      if (!first || !last) {
        reader_.error("WL8004", item, fmt::format("`{}` is no span of hours", text)).hint("`6-21` is from 06:00 until 22:00; hours are 0 to 23");
        continue;
      }
      for (int hour = *first;; hour = (hour + 1) % 24) {
        hours.set(static_cast<size_t>(hour));
        if (hour == *last) break;
      }
    }
    if (items.empty()) reader_.error("WL8007", id, "an exception without an hour");
    return hours;
  }

  static std::optional<int> hour_of(std::string text) {
    text.erase(0, text.find_first_not_of(' ') == std::string::npos ? text.size() : text.find_first_not_of(' '));
    while (!text.empty() && text.back() == ' ') text.pop_back();
    if (text.empty() || text.size() > 2 || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    const int hour = std::stoi(text);
    return hour < 24 ? std::optional(hour) : std::nullopt;
  }

  // A customer cannot be under two price sheets on one day.
  void refuse_simultaneous(const NettleieFile& file) {
    for (size_t b = 0; b < file.sheets.size(); ++b)
      for (size_t a = 0; a < b; ++a) {
        const NettleieSheet &x = file.sheets[a], &y = file.sheets[b];
        if (x.area != y.area || (x.customers & y.customers).none()) continue;
        const Date day = std::max(x.from, y.from);
        if ((x.until && *x.until <= day) || (y.until && *y.until <= day)) continue;
        size_t group = 0;
        while (!x.customers[group] || !y.customers[group]) ++group;
        reader_.error("WL8006", sheet_ids_[b], fmt::format("two price sheets hold for `{}` on {}", kGroups[group], print_date(day)))
            .note(fmt::format("the other is tariffer[{}]", x.index))
            .hint("end the earlier one with `gyldig_til`");
      }
  }

  DocumentReader reader_;
  std::vector<DocumentId> sheet_ids_;
  std::array<bool, 5> warned_of_{};  // by DemandMethod
};

}  // namespace

std::optional<NettleieFile> read_fri_nettleie(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  const size_t errors = diagnostics.error_count();
  const std::optional<Document> document = read_yaml(source, file, diagnostics);
  if (!document) return std::nullopt;
  NettleieFile result = NettleieReader(*document, diagnostics).read(source.path);
  if (diagnostics.error_count() > errors) return std::nullopt;
  return result;
}

std::optional<ImportedScript> import_fri_nettleie(const SourceFile& source, uint32_t file, const ImportChoices&, Diagnostics& diagnostics) {
  const std::optional<NettleieFile> read = read_fri_nettleie(source, file, diagnostics);
  return read ? std::optional(write_fri_nettleie(*read)) : std::nullopt;
}

}  // namespace wattlaw
