// The REST resources under /services/data/vXX.0: one function for each, all with the same signature.
// A call arrives here authenticated; composite sends its subrequests through the same router.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "connectors/emulator/emulator.h"
#include "connectors/salesforce/emulator/records.h"
#include "connectors/salesforce/emulator/state.h"
#include "net/http.h"

namespace cosell::emulator::salesforce {

struct Answer {
  int status = 200;
  Json body = nullptr;
  bool has_body = true;
  http::Headers headers = {};
  std::string path_template = {};
  std::optional<std::string> csv = {};  // in place of `body`: Bulk API results
};

struct Call {
  State& state;
  Random& random;
  Instant now;
  std::string user;
  std::string version;  // "v64.0"
  std::string method;
  std::vector<std::string> path = {};  // decoded segments after the version
  std::vector<std::pair<std::string, std::string>> query = {};
  const http::Headers* headers = nullptr;
  Json body = nullptr;
  bool body_is_json = true;
  std::string raw_body = {};              // of PUT: uploads of the Bulk API
  std::vector<Served>* served = nullptr;  // subrequests are added here

  std::string base() const { return "/services/data/" + version; }
  std::string parameter(std::string_view name) const;
  std::string header(std::string_view name) const;
  Writer writer() const;
};

// Answers a call, whatever it asks for; fills in the path template that the statistics use.
Answer route(Call& call);

// Resources. `object` is the one that the path names.
Answer describe_global(Call& call);
Answer describe_object(Call& call, const Object& object);
Answer object_basics(Call& call, const Object& object);
Answer picklist_values(Call& call);
Answer query(Call& call, bool with_deleted);
Answer query_more(Call& call, const std::string& locator);
Answer create(Call& call, const Object& object);
Answer row_by_id(Call& call, const Object& object, const std::string& id);
Answer row_by_value(Call& call, const Object& object, const std::string& field, const std::string& value);
Answer updated(Call& call, const Object& object);
Answer deleted(Call& call, const Object& object);
Answer limits(Call& call);
Answer collections(Call& call);
Answer composite(Call& call);
Answer composite_batch(Call& call);
Answer tooling(Call& call);
Answer bulk_jobs(Call& call, std::string& shape);

// Error bodies.
Json errors_json(const ApiErrors& errors);
Answer refuse(const ApiErrors& errors);
Answer refuse(int status, std::string code, std::string message, std::vector<std::string> fields = {});
Answer not_found();
Answer wrong_method(const Call& call, std::string_view allowed);
Answer no_content();

// Records with the named fields ("Name", "Account.Name") and Id, in the order of `rows`; null for an empty one.
Outcome<Json> records_with_fields(Call& call, const Object& object, const std::vector<std::string>& fields,
                                  const std::vector<RowPtr>& rows);

// "api-usage=18/100000", the header that every answer carries.
std::string limit_info(const State& state);

}  // namespace cosell::emulator::salesforce
