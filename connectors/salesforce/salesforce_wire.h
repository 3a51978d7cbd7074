// The JSON of Salesforce, both ways: rows, pages of rows, results of writes, describe and errors become plain
// structures, and values become row members. Only reads and writes texts; what an error means is decided in
// salesforce_errors.h, and nothing here sends a request.
//
// Every reader refuses a body that is not what it should be (`bad_response`, naming the request); a row without a
// column that was asked for is such a body, because a missing column must never be taken for an empty one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "connectors/connector.h"

namespace cosell::salesforce {

// Who changed an opportunity last.
constexpr const char* kChangedBy = "LastModifiedBy.Name";

// How a text that a row shows is to be read. Numbers and booleans tell by themselves.
enum class TextType : std::uint8_t { text, date, instant };
using TextTypes = std::map<std::string, TextType>;  // by column path; absent: text

// The type of a standard column, from its last name ("Account.CreatedDate"). Empty for an organisation's own columns
// (…__c): those only describe can tell.
std::optional<TextType> standard_text_type(std::string_view path);

struct RowShape {
  RecordKind kind = RecordKind::opportunity;
  std::string object;                // "Opportunity"
  std::vector<std::string> columns;  // asked for by the caller, as written
  std::string key_column;            // "" for objects that carry no bridge key
  TextTypes types;
  std::string without;  // a column that this organisation does not have; shown as empty
};

// A record that a path leads through, and the column that tells whether there is one: "Contact" and "ContactId",
// "Region__r" and "Region__c".
struct ParentPath {
  std::string path;
  std::string lookup;
};
// Outermost first; empty for columns of the record itself.
std::vector<ParentPath> parents_of(std::string_view column);

constexpr std::size_t kDigestLength = 16;

struct QueryPage {
  std::vector<Observation> rows;
  std::vector<std::string> digests;  // of each row's whole content, kDigestLength characters; "" where not asked for
  std::string next;                  // path of the next page, "" when done
};

// `request` names the request in errors, as in "GET queryAll".
Result<json::Value> read_body(const std::string& body, const std::string& request);
// Rows stamped at or after `digest_from` get a digest.
Result<QueryPage> read_page(const std::string& body, const RowShape& shape, const std::string& request,
                            std::optional<Instant> digest_from = std::nullopt);
// One row, typed like the values that it is going to be compared with.
Result<Columns> read_row_like(const json::Value& row, const Columns& expected, const std::string& request);

struct ServerError {
  std::string code;     // "UNABLE_TO_LOCK_ROW"
  std::string message;  // the server's words
  std::vector<std::string> fields;
};
// Errors of an answer that is not a success; empty when the body is not in Salesforce's form.
std::vector<ServerError> read_errors(const std::string& body);

struct WriteResult {
  bool success = false;
  std::string id;
  std::vector<ServerError> errors;
};
Result<std::vector<WriteResult>> read_write_results(const json::Value& body, const std::string& request);

// A sub-answer of a composite call.
struct CompositeAnswer {
  std::string reference;
  int status = 0;
  json::Value body;
};
Result<std::vector<CompositeAnswer>> read_composite(const json::Value& body, const std::string& request);

struct DescribedColumn {
  ColumnInfo info;
  std::string wire_type;  // "currency", "datetime"
  bool createable = false;
  bool updateable = false;
  bool external_id = false;
  bool unique = false;
  std::string relationship;  // "Account" for AccountId
  std::string refers_to;     // first object that it may refer to
};
struct DescribedObject {
  std::vector<DescribedColumn> columns;
  // What the user may do with records of it.
  bool createable = false;
  bool updateable = false;
};
Result<DescribedObject> read_describe(const std::string& body, const std::string& request);

// Active record types of an object, without the "Master" that every object has.
struct DescribedRecordType {
  std::string id;
  RecordTypeEntry entry;
};
Result<std::vector<DescribedRecordType>> read_record_types(const std::string& body, const std::string& request);
// API names of a picklist as a record type offers it.
Result<std::vector<std::string>> read_picklist_values(const std::string& body, const std::string& request);

Result<std::vector<StageEntry>> read_stages(const std::string& body, const std::string& request);

// A value as a row member; an error (`config`) for values that no single column can hold. The type, where it is known,
// counts for days and moments: a column of the one takes no text of the other.
Result<json::Value> written_value(const std::string& column, std::optional<TextType> type, const Value& v);

}  // namespace cosell::salesforce
