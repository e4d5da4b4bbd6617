#include "compiler/import/datahub_pricelist.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "compiler/import/document_reader.h"
#include "compiler/import/read_document.h"

namespace wattlaw {
namespace {

struct ReadRow {
  DocumentId id;
  std::string type;
  DatahubCharge charge;  // with one time of prices
};

auto key_of(const ReadRow& row) { return std::tie(row.charge.gln, row.type, row.charge.code, row.charge.prices[0].from); }

class DatahubReader {
 public:
  DatahubReader(const Document& document, const SourceFile& source, Diagnostics& diagnostics) : reader_(document, diagnostics), source_(source) {
    columns_ = {"ChargeOwner", "GLN_Number", "ChargeType", "ChargeTypeCode", "Note", "Description", "ValidFrom", "ValidTo", "VATClass"};
    for (int hour = 1; hour <= 24; ++hour) columns_.push_back(fmt::format("Price{}", hour));
    for (const char* name : {"TransparentInvoicing", "TaxIndicator", "ResolutionDuration"}) columns_.push_back(name);
  }

  DatahubFile read() {
    DatahubFile file{std::filesystem::path(source_.path).stem().string(), {}};
    const std::vector<DocumentId> rows = reader_.list(0);
    if (rows.empty()) reader_.error("WL8002", 0, "the file has no row");
    std::vector<ReadRow> read;
    for (DocumentId id : rows) {
      if (!reader_.expect_map(id, columns_)) continue;
      if (std::optional<ReadRow> row = read_row(id)) read.push_back(std::move(*row));
      if (reader_.has_errors()) return file;  // a wrong header or separator is wrong in every row
    }
    std::stable_sort(read.begin(), read.end(), [](const ReadRow& a, const ReadRow& b) { return key_of(a) < key_of(b); });
    for (ReadRow& row : read) add(row, file);
    if (file.charges.empty() && !reader_.has_errors() && !rows.empty()) reader_.error("WL8002", 0, "the file holds fees alone, and no price of every month or kilowatt-hour");
    return file;
  }

 private:
  std::optional<ReadRow> read_row(DocumentId id) {
    ReadRow row{id, "", {}};
    DatahubCharge& charge = row.charge;
    charge.owner = reader_.required_text(id, "ChargeOwner").value_or("");
    charge.gln = reader_.required_text(id, "GLN_Number").value_or("");
    charge.code = reader_.required_text(id, "ChargeTypeCode").value_or("");
    charge.description = reader_.optional_text(id, "Description").value_or("");
    const std::string note = reader_.optional_text(id, "Note").value_or("");
    const auto type = word_of(id, "ChargeType", {"D01", "D02", "D03"}), vat = word_of(id, "VATClass", {"D01", "D02"});
    const auto tax = word_of(id, "TaxIndicator", {"0", "1"}), resolution = word_of(id, "ResolutionDuration", {"PT1H", "P1D", "P1M"});
    DatahubPrices prices;
    prices.note = note;
    prices.row = source_.line_of(reader_.node(id).span.begin);
    const auto from = day_of(id, "ValidFrom", true);
    prices.until = day_of(id, "ValidTo", false);
    if (!type || !vat || !tax || !resolution || !from) return std::nullopt;
    prices.from = *from;
    if (prices.until && *prices.until <= prices.from) reader_.error("WL8007", *reader_.child(id, "ValidTo"), "the prices end before they begin");
    if (*type == 1) {
      reader_.warning("WL8008", id, fmt::format("`{}` ({}) is a fee for an event, which no meter knows", note, charge.code)).note("left out of the script");
      return std::nullopt;
    }
    row.type = *type == 0 ? "D01" : "D03";
    charge.is_subscription = *type == 0;
    charge.has_vat = *vat == 1;
    charge.is_tax = *tax == 1;
    charge.per = *resolution == 2 ? "month" : "day";
    if (charge.is_subscription && *resolution == 0) reader_.error("WL8006", *reader_.child(id, "ResolutionDuration"), "a subscription by the hour");
    read_prices(id, charge.is_subscription, prices);
    read_direction(id, charge, note);
    charge.prices.push_back(std::move(prices));
    return row;
  }

  std::optional<size_t> word_of(DocumentId id, const char* column, const std::vector<std::string>& words) {
    const auto found = reader_.required(id, column);
    return found ? reader_.one_of(*found, words) : std::nullopt;
  }

  // 2026-01-01 or 2026-01-01T00:00:00: prices change at midnight.
  std::optional<Date> day_of(DocumentId id, const char* column, bool is_required) {
    const auto cell = is_required ? reader_.required(id, column) : reader_.child(id, column);
    if (!cell) return std::nullopt;
    std::string text = reader_.node(*cell).text;
    for (const char* midnight : {"T00:00:00", " 00:00:00", "T00:00", " 00:00"})
      if (text.size() == 10 + std::string_view(midnight).size() && text.ends_with(midnight)) text.resize(10);
    const std::optional<Date> date = parse_date(text);
    if (!date) reader_.error("WL8004", *cell, fmt::format("`{}` is no local midnight", reader_.node(*cell).text)).hint("write it as 2026-01-01 or 2026-01-01T00:00:00");
    return date;
  }

  std::optional<Rational> price_of(DocumentId cell) {
    std::string text = reader_.node(cell).text;
    if (std::count(text.begin(), text.end(), ',') == 1 && text.find('.') == std::string::npos) std::replace(text.begin(), text.end(), ',', '.');
    const std::optional<Rational> price = exact_number(text);
    if (!price) reader_.error("WL8004", cell, fmt::format("`{}` is no price", reader_.node(cell).text));
    return price;
  }

  // One price for all hours, or 24; anything between is a file cut off.
  void read_prices(DocumentId id, bool is_subscription, DatahubPrices& prices) {
    size_t count = 0;
    for (size_t hour = 0; hour < 24; ++hour) {
      const auto cell = reader_.child(id, fmt::format("Price{}", hour + 1));
      if (!cell) continue;
      if (count != hour) {
        reader_.error("WL8002", id, fmt::format("`Price{}` is empty, and a later one is not", count + 1));
        return;
      }
      ++count;
      prices.by_hour[hour] = price_of(*cell).value_or(Rational(0));
    }
    if (count == 1) prices.by_hour.fill(prices.by_hour[0]);
    else if (count != 24) reader_.error("WL8002", id, fmt::format("the row has {} prices; 1 or 24 are expected", count));
    else if (is_subscription) reader_.error("WL8006", id, "a subscription with 24 prices");
  }

  // The list has no column for it; the companies' words do.
  void read_direction(DocumentId id, DatahubCharge& charge, const std::string& note) {
    std::string words = note + " " + charge.description;
    std::transform(words.begin(), words.end(), words.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    charge.is_feed_in = words.find("indfødning") != std::string::npos || words.find("produktion") != std::string::npos || words.find("producent") != std::string::npos;
    if (charge.is_feed_in && !charge.is_subscription)
      reader_.warning("WL8009", id, fmt::format("the list does not say whether `{}` is charged on consumption or on feed-in", note)).note("written is: on export, for its words speak of it");
  }

  void add(ReadRow& row, DatahubFile& file) {
    DatahubPrices& prices = row.charge.prices[0];
    if (!file.charges.empty()) {
      DatahubCharge& last = file.charges.back();
      DatahubPrices& before = last.prices.back();
      const bool is_same = last.gln == row.charge.gln && last.code == row.charge.code && last.is_subscription == row.charge.is_subscription;
      if (is_same && (!before.until || *before.until > prices.from)) {
        reader_.error("WL8006", row.id, fmt::format("two prices of `{}` hold on {}", row.charge.code, print_date(prices.from))).note(fmt::format("the other stands in row {}", before.row));
        return;
      }
      const bool is_alike = last.has_vat == row.charge.has_vat && last.is_tax == row.charge.is_tax && last.is_feed_in == row.charge.is_feed_in && last.per == row.charge.per;
      if (is_same && is_alike && before.until == prices.from) {
        last.prices.push_back(std::move(prices));
        return;
      }
    }
    file.charges.push_back(std::move(row.charge));
  }

  DocumentReader reader_;
  const SourceFile& source_;
  std::vector<std::string> columns_;
};

}  // namespace

std::optional<ImportedScript> import_datahub_pricelist(const SourceFile& source, uint32_t file, const ImportChoices&, Diagnostics& diagnostics) {
  const size_t errors = diagnostics.error_count();
  const std::optional<Document> document = read_table(source, file, diagnostics);
  if (!document) return std::nullopt;
  const DatahubFile read = DatahubReader(*document, source, diagnostics).read();
  return diagnostics.error_count() > errors ? std::nullopt : std::optional(write_datahub_pricelist(read));
}

}  // namespace wattlaw
