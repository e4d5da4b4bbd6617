// load_members: ENTITYs.csv (`sites.csv`: id,tax_zone,capacity [kWh],…) -> ids in ascending order and their attributes.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/trace/trace_request.h"

namespace wattlaw {

struct MemberIndex {
  const std::vector<std::string>* ids = nullptr;
  std::unordered_map<std::string_view, uint32_t> of;
};

struct MemberTable {
  std::vector<std::string> ids;                     // ascending
  std::vector<std::vector<std::string>> texts;      // [column][member]
  std::vector<int64_t> rows;                        // [member]: line of the file
  std::vector<std::pair<std::string, std::string>> columns;  // name, unit
  std::string shown, hash;
  std::optional<Remark> cut;                        // WL6037
};
Result<MemberTable> read_member_table(const std::string& path, const std::string& shown, const std::string& entity, const std::vector<std::string>& accounts);

// More than one of a kind: "sites", "batteries".
std::string plural_of(const std::string& kind);

// The file of a kind: KINDs.csv. Records may stand in KIND.csv as well, where the other is not there.
std::string file_of_members(const std::string& folder, const std::string& entity);
bool is_kind_of_records(const std::string& entity);

// What a record is called that has no id: its number, so that they sort as they stand in the file.
std::string numbered_id(const std::string& kind, size_t number);

// The values of one attribute for `ids`; `table` may be null if no file is there; `named` holds the members that an attribute
// of Kind::member names; a column called like one of the `others` is not taken for a slip of the pen. Failures WL6040 to WL6042.
Result<std::vector<Rational>> read_attribute(const AttributeRequest& request, const MemberTable* table, const std::vector<std::string>& ids,
                                             const MemberIndex* named = nullptr, const std::vector<std::string>& others = {});
// Note WL6043 if no file gives the attribute, so that its default holds for every member.
std::optional<Remark> note_default(const AttributeRequest& request, const MemberTable* table, size_t members);

}  // namespace wattlaw
