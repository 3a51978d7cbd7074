// What an emulator of one of the three systems is: a pure core with a model of its own.
//
// A core answers requests from nothing but its model, the clock and the random source that it is handed, so the
// same core stands behind a real HTTP server (server.h) and behind an in-process transport in tests. It shares
// no code with src/deal or src/mapping: a rule forgotten there must show here.
// Faults, statistics and the control API under /_sandbox/ are added around every core by Sandboxed (sandboxed.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/http.h"

namespace cosell::emulator {

using Json = nlohmann::ordered_json;

// One request as the statistics count it. Operations inside a batch are reported as their own entries
// with `inner` set; they are not calls.
struct Served {
  std::string method;
  std::string path_template;  // "/services/data/{v}/composite/sobjects", ids replaced by {id}
  int status = 0;
  bool inner = false;
};

// A behaviour switch that an emulator offers under /_sandbox/settings; `value` is the present one.
struct Setting {
  std::string name;         // "page_size", "list_shows_microsoft_half"
  std::string description;  // one sentence
  Json value;
};

// A control verb of one system: POST /_sandbox/<name> with a JSON object.
struct ControlVerb {
  std::string name;         // "microsoft", "inbound"
  std::string body;         // as an example, a slash where one of several is chosen
  std::string description;  // what it does, and what it answers where that matters
};

class Emulator {
 public:
  virtual ~Emulator() = default;

  virtual std::string name() const = 0;  // "salesforce", "partner_center"

  // Answers one request (origin-form URL). Never throws; a malformed request gets the real system's 4xx.
  virtual http::Response handle(const http::Request& request, Clock& clock, Random& random) = 0;

  // Does the real system take bodies with "Content-Encoding: gzip", as far as its documents say? They arrive unpacked.
  virtual bool takes_gzip_bodies() const { return false; }

  // What the last handle() served: the request itself first, then operations inside a batch.
  virtual const std::vector<Served>& last_served() const = 0;

  virtual std::vector<Setting> settings() const = 0;
  // Changes a switch; returns an error sentence for an unknown name or a wrong value, else "".
  virtual std::string set(const std::string& name, const Json& value) = 0;

  // All records as an operator would like to see them: {"opportunities": [...], "accounts": [...]}.
  virtual Json records(Clock& clock) = 0;
  // What the system's own verbs are, and one of them carried out; empty result: no such verb.
  virtual std::vector<ControlVerb> verbs() const = 0;
  virtual std::optional<http::Response> control(const std::string& verb, const http::Request& request, Clock& clock,
                                                Random& random) = 0;

  // Forgets all records (settings and users stay).
  virtual void reset() = 0;
  // The whole model as JSON and back, for `cosell sandbox --keep`.
  virtual Json save() const = 0;
  virtual void load(const Json& saved) = 0;
};

}  // namespace cosell::emulator
