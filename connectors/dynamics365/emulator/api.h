// One request to the Web API, taken apart, and its answer; the resources that answer it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "connectors/dynamics365/emulator/state.h"
#include "net/http.h"

namespace cosell::emulator::dynamics365 {

// What the Prefer headers ask for.
struct Preferences {
  bool representation = false;
  std::optional<std::int64_t> page = {};
  std::vector<std::string> annotations = {};  // patterns: "*", "OData.Community.Display.V1.FormattedValue"
  bool track = false;
  bool continue_on_error = false;

  bool wants(std::string_view annotation) const;
};
Preferences read_preferences(const http::Headers& headers);

// "opportunities(cosell_referralid='x')"
struct Segment {
  std::string name;
  bool parentheses = false;
  std::vector<std::pair<std::string, std::string>> arguments = {};  // a single value has no name
};

// What all operations of one HTTP request share.
struct Context {
  State& state;
  Random& random;
  Instant now;
  Guid user;
  std::string root;                                                // "http://127.0.0.1:8080/api/data/v9.2/"
  std::vector<Served>* served = nullptr;                           // operations inside a batch are told here
  const std::map<std::string, std::string>* references = nullptr;  // Content-ID to "/opportunities(guid)"
};

struct Call {
  Context& context;
  std::string method;
  std::vector<Segment> path = {};
  std::vector<std::pair<std::string, std::string>> query = {};
  std::string raw_query = {};
  const http::Headers* headers = nullptr;
  Preferences prefer = {};
  std::string body_text = {};
  bool inside = false;         // an operation of a batch
  bool in_change_set = false;  // of a change set

  State& state() const { return context.state; }
  std::optional<std::string> option(std::string_view name) const;
};

struct Answer {
  int status = 200;
  std::optional<Json> body = {};
  std::string text = {};  // when the body is no JSON
  std::string content_type = {};
  http::Headers headers = {};
  std::string path_template = {};
};

Answer refuse(const ApiError& error);
Answer refuse(int status, const std::string& code, const std::string& message);
Answer no_content();
Answer with_body(Json body, int status = 200);

// Answers one operation: `url` is absolute, or relative to the service root. Never answers $batch itself.
struct Operation {
  std::string method;
  std::string url;
  http::Headers headers;
  std::string body;
  bool inside = false;
  bool in_change_set = false;
};
Answer answer(Context& context, const Operation& operation);

// Path and query of a URL below the service root; empty when the URL lies elsewhere.
std::optional<std::string> below_root(std::string_view url);
std::vector<Segment> read_path(std::string_view decoded_path);
// Ids and keys are left out: "/api/data/{v}/opportunities({id})".
std::string shape_of(const std::vector<Segment>& path);

// The body as a JSON object.
Outcome<Json> json_body(const Call& call);
// The definitions and privileges that a request is shown: the latest where it asks for them (Consistency: Strong).
struct Shown {
  const Schema& schema;
  const std::vector<std::string>& missing_privileges;
  bool organization_read;
};
Shown shown_to(const Call& call);
// A privilege by its whole name: "prvCreateAttribute".
Outcome<void> need_named_privilege(const State& state, const Guid& user, const std::string& privilege);
Outcome<void> need_named_privilege(const Call& call, const std::string& privilege);
Outcome<void> need_privilege(const Call& call, const char* verb, const Table& table);
// "prvWriteOpportunity"; users are called User there, and all activities share one set.
std::string privilege_of(std::string_view verb, const Table& table);

// Resources; each looks at the rest of the path on its own.
Answer rows_resource(Call& call, const Table& table);
Answer metadata_resource(Call& call);
Answer create_column(Call& call, const std::string& table_name);
Answer create_key(Call& call, const std::string& table_name);
Answer publish(Call& call);
std::optional<Answer> operation_resource(Call& call);                   // functions and actions; empty: no such name
std::optional<Answer> bound_operation(Call& call, const Table& table);  // to a table
std::optional<Answer> row_operation(const Call& call, const Table& table);  // to one of its rows, which is there

// POST /$batch. The body is text, not JSON.
http::Response batch(Context& context, const http::Request& request);
http::Response to_response(const Answer& answer);

}  // namespace cosell::emulator::dynamics365
