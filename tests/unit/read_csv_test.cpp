#include "runtime/base/nearest_name.h"
#include "runtime/trace/read_csv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "runtime/trace/hash_bytes.h"
#include "runtime/trace/short_value.h"

namespace wattlaw {
namespace {

std::string write_file(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/read_csv_" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string failure_of(const std::string& text) {
  Result<CsvReader> reader = CsvReader::open(write_file("bad.csv", text), "bad.csv");
  if (!reader) return reader.failure().code + (reader.failure().row > 0 ? " row " + std::to_string(reader.failure().row) : "");
  std::string_view row;
  std::vector<std::string_view> fields;
  for (;;) {
    Result<bool> more = reader->next_row(row);
    if (!more) return more.failure().code + " row " + std::to_string(more.failure().row);
    if (!*more) return "none";
    Result<Ok> cut = reader->split(row, fields);
    if (!cut) return cut.failure().code + " row " + std::to_string(cut.failure().row);
  }
}

TEST(ReadCsv, reads_mark_line_ends_quotes_and_units) {
  Result<CsvReader> reader = CsvReader::open(write_file("good.csv", "\xef\xbb\xbfsite,\"import [kWh]\",note\r\na,1.5,\"he said \"\"no\"\", twice\"\r\n\r\nb,2,"), "good.csv");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->columns()[0].name, "site");
  EXPECT_EQ(reader->columns()[1].name, "import");
  EXPECT_EQ(reader->columns()[1].unit, "kWh");
  std::string_view row;
  std::vector<std::string_view> fields;
  ASSERT_TRUE(*reader->next_row(row));
  ASSERT_TRUE(reader->split(row, fields));
  EXPECT_EQ(fields[2], "he said \"no\", twice");
  ASSERT_TRUE(*reader->next_row(row));
  EXPECT_EQ(reader->row(), 4);  // the blank line counts
  ASSERT_TRUE(reader->split(row, fields));
  EXPECT_EQ(fields[0], "b");
  EXPECT_EQ(fields[2], "");
  EXPECT_FALSE(*reader->next_row(row));
}

TEST(ReadCsv, finds_the_separator) {
  Result<CsvReader> reader = CsvReader::open(write_file("semi.csv", "a;b;c\n1,5;2;3\n"), "semi.csv");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->separator(), ';');
  EXPECT_EQ(reader->columns().size(), 3u);
}

TEST(ReadCsv, hands_out_rows_across_block_borders) {
  std::string text = "n\n";
  for (int i = 0; i < 300000; ++i) text += std::to_string(i) + "\n";  // 1.99 MB, two blocks
  Result<CsvReader> reader = CsvReader::open(write_file("long.csv", text), "long.csv");
  ASSERT_TRUE(reader);
  std::string_view row;
  int count = 0;
  while (*reader->next_row(row)) {
    ASSERT_EQ(row, std::to_string(count));
    ++count;
  }
  EXPECT_EQ(count, 300000);
  HashBytes hash;
  hash.add(text.data(), text.size());
  EXPECT_EQ(reader->hash(), hash.hex());
}

TEST(ReadCsv, refuses_what_is_no_table) {
  EXPECT_EQ(failure_of(""), "WL6003");
  EXPECT_EQ(failure_of("\n\n"), "WL6003 row 2");
  EXPECT_EQ(failure_of("\x1f\x8b\x08\x01 garbage\n"), "WL6006 row 1");
  EXPECT_EQ(failure_of(std::string("a,b\0c\n1,2\n", 10)), "WL6006 row 1");
  EXPECT_EQ(failure_of("a,b,a\n1,2,3\n"), "WL6008 row 1");
  EXPECT_EQ(failure_of("a,b\n1,2\n3"), "WL6009 row 3");
  EXPECT_EQ(failure_of("a,b\n1,2,3\n"), "WL6009 row 2");
  EXPECT_EQ(failure_of("a,b\n1,\"2\n"), "WL6010 row 2");
  EXPECT_EQ(failure_of("a,b\n\"1\"x,2\n"), "WL6010 row 2");
  EXPECT_EQ(failure_of("a\n" + std::string(10 << 20, 'x') + "\n"), "WL6005 row 2");
  EXPECT_EQ(failure_of(std::string(10 << 20, 'x')), "WL6005 row 1");
  EXPECT_EQ(failure_of("a\n" + std::string(70000, 'x') + "\ny\n"), "WL6005 row 2");
  EXPECT_EQ(CsvReader::open(testing::TempDir(), "folder").failure().code, "WL6002");
  EXPECT_EQ(CsvReader::open("/dev/zero", "zero").failure().code, "WL6002");
  EXPECT_EQ(CsvReader::open(testing::TempDir() + "/no_such_file", "x").failure().code, "WL6001");
}

TEST(ReadDecimal, keeps_every_digit) {
  const auto read = [](std::string_view text, bool comma = false) {
    Decimal value;
    const DecimalFault fault = read_decimal(text, comma, value);
    return fault == DecimalFault::none ? std::to_string(value.digits) + "e-" + std::to_string(value.places) : "fault " + std::to_string(static_cast<int>(fault));
  };
  EXPECT_EQ(read("12.50"), "125e-1");
  EXPECT_EQ(read("-0.04142"), "-4142e-5");
  EXPECT_EQ(read("+7"), "7e-0");
  EXPECT_EQ(read("100.00"), "100e-0");
  EXPECT_EQ(read(" 1.020 "), "102e-2");
  EXPECT_EQ(read("1,25", true), "125e-2");
  EXPECT_EQ(read("999999999999999999"), "999999999999999999e-0");
  EXPECT_EQ(read("000000000000000000000012"), "12e-0");
  EXPECT_EQ(read("0.000000000000000001"), "1e-18");
  EXPECT_EQ(read("5."), "5e-0");
  EXPECT_EQ(read(".5"), "5e-1");
  EXPECT_EQ(read("0"), "0e-0");
  EXPECT_EQ(read(""), "fault 1");
  for (std::string_view text : {"NaN", "inf", "1,25", "-", ".", "1.2.3", "0x10", "1 000", "--1", "e5"}) EXPECT_EQ(read(text), "fault 2") << text;
  EXPECT_EQ(read("1e400"), "fault 3");
  EXPECT_EQ(read("1000000000000000000"), "fault 4");  // 19 digits
  EXPECT_EQ(read("0.0000000000000000001"), "fault 4");
}

TEST(ShowText, cannot_steer_a_terminal) {
  EXPECT_EQ(show_text("a\x1b[31mb\n"), "a?[31mb?");
  EXPECT_EQ(show_text("\xc2\x9b" "31m"), "??31m");  // C1 control
  EXPECT_EQ(show_text("bl\xc3\xa5 \xff"), "bl\xc3\xa5 ?");
  EXPECT_EQ(show_text(std::string(100, 'x')), std::string(40, 'x') + "…");
}

TEST(NearestName, is_a_name_that_was_meant) {
  EXPECT_EQ(nearest_name("import", {"site", "Import", "export"}), "Import");
  EXPECT_EQ(nearest_name("import", {"imprt", "time"}), "imprt");
  EXPECT_EQ(nearest_name("import", {"temperature", "x"}), "");
}

// Values of the XXH64 reference (seed 0): `printf abc | xxhsum -H1`.
TEST(HashBytes, is_xxh64) {
  const auto hex = [](std::string_view text) {
    HashBytes hash;
    for (char c : text) hash.add(&c, 1);
    HashBytes whole;
    whole.add(text.data(), text.size());
    EXPECT_EQ(hash.hex(), whole.hex());
    return whole.hex();
  };
  EXPECT_EQ(hex(""), "ef46db3751d8e999");
  EXPECT_EQ(hex("a"), "d24ec4f1a98c6e5b");
  EXPECT_EQ(hex("abc"), "44bc2cf5ad770999");
  EXPECT_EQ(hex("Nobody inspects the spammish repetition"), "fbcea83c8a378bf1");
}

// Every text of up to five characters of digits and points, ended by a comma: what read_decimal takes is read alike, the rest is left to it.
TEST(ReadShortValue, AgreesWithReadDecimal) {
  const std::string letters = "0179.-x";
  int read = 0;
  for (int size = 1; size <= 5; ++size) {
    std::vector<size_t> at(static_cast<size_t>(size), 0);
    for (bool more = true; more;) {
      std::string text;
      for (const size_t letter : at) text += letters[letter];
      const ShortValue found = read_short_value((text + ",9999999").c_str(), ',');
      const bool is_plain = text.find_first_not_of("0179.") == std::string::npos && text[0] != '.' && std::count(text.begin(), text.end(), '.') <= 1;
      ASSERT_EQ(found.length, is_plain ? text.size() : 0u) << text;
      if (is_plain) {
        Decimal expected;
        ASSERT_EQ(read_decimal(text, false, expected), DecimalFault::none) << text;
        int64_t digits = expected.digits;
        for (int places = expected.places; places < static_cast<int>(found.places); ++places) digits *= 10;  // it drops zeros at the end
        ASSERT_EQ(int64_t{found.digits}, digits) << text;
        ++read;
      }
      more = false;
      for (size_t i = 0; i < at.size() && !more; ++i) more = (at[i] = (at[i] + 1) % letters.size()) != 0;
    }
  }
  EXPECT_GT(read, 1000);
  for (const char* text : {"1234567,", "123.456,"}) EXPECT_EQ(read_short_value(text, ',').length, 7u) << text;
  for (const char* text : {"12345678,", "1234.567,", "123\n4567", ",1234567", "1.2.345,"}) EXPECT_EQ(read_short_value(text, ',').length, 0u) << text;
}

}  // namespace
}  // namespace wattlaw
