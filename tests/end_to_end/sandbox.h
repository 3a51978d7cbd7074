// A sandbox as the tests use it: started as a child process in a folder that disappears, driven over HTTP through its
// control API, and through the same APIs that the real systems have.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "process.h"

namespace cosell::end_to_end {

using Json = nlohmann::json;

class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  std::string file(const std::string& name) const { return path + "/" + name; }

  std::string path;
};

void write_text(const std::string& file, const std::string& text);
std::string read_text(const std::string& file);
mode_t mode_of(const std::string& file);  // 0600; 0 where there is no such file
// Name, size and a hash of the bytes of every file below a folder, for comparing what was there before and after.
std::vector<std::pair<std::string, std::string>> files_below(const std::string& folder);

struct Answer {
  int status = 0;  // 0: no answer
  std::string body;
  std::string leads_to;  // the address of a redirection
  Json json() const;
};
using Headers = std::vector<std::string>;  // "Name: value"
Answer http_request(const std::string& method, const std::string& url, const std::string& body = "",
                    const Headers& headers = {});

// One stand-in, seen through its control API.
class StandIn {
 public:
  explicit StandIn(std::string base_url) : url(std::move(base_url)) {}
  Json get(const std::string& verb) const;
  Json post(const std::string& verb, const Json& body) const;

  void forget_counts() const { post("stats/reset", Json::object()); }
  // Requests since then whose path holds `part`, logins left out; method "" is any.
  int requests(const std::string& method = "", const std::string& part = "") const;
  int writes() const;
  void set(const std::string& setting, const Json& value) const { post("settings", Json{{setting, value}}); }
  void fail(const Json& match, int after, int times, const Json& action) const;
  void heal() const { post("faults", Json::array()); }
  int faults_fired() const;

  std::string url;
};

struct SandboxOptions {
  int deals = 0;
  Arguments more;  // further arguments of `cosell sandbox`
  std::string mapping;
  std::string crm = "salesforce";  // the only pair; "" for a pair of every CRM
};

// Both sides of a pair.
struct Stands {
  StandIn crm{""};
  StandIn partner_center{""};
};

class Sandbox {
 public:
  explicit Sandbox(const SandboxOptions& options = {});

  Ended cosell(Arguments arguments, const std::string& input = "") const;
  Process begin(Arguments arguments, const ProcessOptions& options = {}) const;
  // With --json; the first pair's answer, or what a list command answers. `code` is checked.
  Json answer(Arguments arguments, int code = 0) const;
  void advance(const std::string& duration) const;
  // Changes the first pair's part of the configuration.
  void configure(const std::string& name, const Json& value) const;
  std::string store() const { return folder->file("state/" + pair + ".db"); }
  std::string config() const { return folder->file("cosell.jsonc"); }

  Ended stop();
  // Ends it and starts it anew in the same folder.
  void restart(const Arguments& more);

  std::shared_ptr<TemporaryFolder> folder = std::make_shared<TemporaryFolder>();
  std::map<std::string, Stands> pairs;
  // The first pair.
  std::string pair;
  StandIn crm{""};
  StandIn partner_center{""};

 private:
  void start(const Arguments& more);
  Arguments with_config(Arguments arguments) const;

  std::unique_ptr<Process> process_;
};

// An access token, asked for as the systems want it.
std::string token_from(const std::string& url, const std::string& form);
std::string secret_of(const Sandbox& sandbox, const std::string& name);

// Sellers and partners at work, through the APIs of the real systems.
class Salesforce {
 public:
  explicit Salesforce(const Sandbox& sandbox);
  Answer patch(const std::string& id, const Json& fields) const;
  std::vector<Json> opportunities() const;  // every one, from the control API
  Json opportunity(const std::string& id) const;

 private:
  StandIn stand_in_;
  std::string token_;
};

class PartnerCenter {
 public:
  explicit PartnerCenter(const Sandbox& sandbox);
  // A JSON Patch of "replace" operations under If-Match.
  Answer patch(const Json& referral, const Json& replaced) const;
  Json get(const std::string& id) const;
  std::vector<Json> referrals() const;

 private:
  std::string token() const;  // logs in when it is first needed

  StandIn stand_in_;
  std::string login_form_;
  mutable std::string token_;
};

}  // namespace cosell::end_to_end
