// The sandbox as a child process, and a small HTTP client on libcurl. See sandbox.h.
#include "sandbox.h"

#include <curl/curl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace cosell::end_to_end {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "cosell-end-to-end-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code failed;
  fs::remove_all(path, failed);
}

void write_text(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

mode_t mode_of(const std::string& file) {
  struct stat facts {};
  return ::stat(file.c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0;
}

std::string read_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<std::pair<std::string, std::string>> files_below(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = read_text(entry.path().string());
    out.emplace_back(entry.path().string(),
                     std::to_string(bytes.size()) + " bytes, hash " + std::to_string(std::hash<std::string>()(bytes)));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// ---- HTTP

namespace {

std::size_t take(char* data, std::size_t size, std::size_t count, void* target) {
  static_cast<std::string*>(target)->append(data, size * count);
  return size * count;
}

}  // namespace

Json Answer::json() const { return Json::parse(body, nullptr, false); }

Answer http_request(const std::string& method, const std::string& url, const std::string& body,
                    const Headers& headers) {
  Answer answer;
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  curl_slist* list = nullptr;
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, list);
  if (method != "GET") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  }
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  long status = 0;
  const char* leads_to = nullptr;
  if (curl_easy_perform(curl.get()) == CURLE_OK) {
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &leads_to);
  }
  answer.status = static_cast<int>(status);
  answer.leads_to = leads_to == nullptr ? "" : leads_to;
  curl_slist_free_all(list);
  return answer;
}

// ---- a stand-in

Json StandIn::get(const std::string& verb) const {
  const Answer answer = http_request("GET", url + "/_sandbox/" + verb);
  EXPECT_EQ(answer.status, 200) << verb << ": " << answer.body;
  return answer.json();
}

Json StandIn::post(const std::string& verb, const Json& body) const {
  const Answer answer =
      http_request("POST", url + "/_sandbox/" + verb, body.dump(), {"Content-Type: application/json"});
  EXPECT_TRUE(answer.status >= 200 && answer.status < 300) << verb << ": " << answer.status << " " << answer.body;
  return answer.json();
}

int StandIn::requests(const std::string& method, const std::string& part) const {
  int n = 0;
  const Json stats = get("stats");
  for (const Json& row : stats["requests"]) {
    const std::string path = row["path"];
    if (path.find("oauth2") != std::string::npos || path.find(part) == std::string::npos) continue;
    if (method.empty() || row["method"] == method) n += row["count"].get<int>();
  }
  return n;
}

int StandIn::writes() const {
  // A batch or a composite may hold reads alone; what is inside counts.
  int n = requests() - requests("GET") - requests("POST", "$batch");
  const Json stats = get("stats");
  for (const Json& row : stats["requests"]) {
    if (row["path"] == "/services/data/{v}/composite") n -= row["count"].get<int>();
  }
  for (const Json& row : stats["inside_batches"]) {
    if (row["method"] != "GET") n += row["count"].get<int>();
  }
  return n;
}

void StandIn::fail(const Json& match, int after, int times, const Json& action) const {
  post("faults", Json::array({Json{{"match", match}, {"after", after}, {"times", times}, {"action", action}}}));
}

int StandIn::faults_fired() const {
  int n = 0;
  const Json faults = get("faults");
  for (const Json& fault : faults) n += fault["fired"].get<int>();
  return n;
}

// ---- the sandbox

Sandbox::Sandbox(const SandboxOptions& options) : pair(options.crm) {
  if (!options.mapping.empty()) write_text(folder->file("mapping.jsonc"), options.mapping);
  Arguments more = options.more;
  if (options.deals > 0) more.insert(more.end(), {"--deals", std::to_string(options.deals)});
  start(more);
}

void Sandbox::start(const Arguments& more) {
  Arguments arguments = {"sandbox", "--json", "--dir", folder->path};
  if (!pair.empty()) arguments.insert(arguments.end(), {"--as", pair});
  arguments.insert(arguments.end(), more.begin(), more.end());
  process_ = std::make_unique<Process>(arguments);
  const Json ready = Json::parse(process_->first_line(), nullptr, false);
  if (!ready.is_object() || !ready.contains("ready")) {
    throw std::runtime_error("the sandbox did not start: " + process_->out() + process_->err());
  }
  for (const auto& one : ready["pairs"].items()) {
    pairs[one.key()] = {StandIn(one.value()["crm"]["base_url"]), StandIn(one.value()["partner_center"]["base_url"])};
  }
  const Stands& first = pair.empty() ? pairs.begin()->second : pairs.at(pair);
  crm = first.crm;
  partner_center = first.partner_center;
}

Ended Sandbox::stop() {
  process_->send(SIGTERM);
  return process_->wait();
}

void Sandbox::restart(const Arguments& more) {
  if (process_->running()) stop();
  start(more);
}

Arguments Sandbox::with_config(Arguments arguments) const {
  arguments.insert(arguments.end(), {"--config", config()});
  return arguments;
}

Ended Sandbox::cosell(Arguments arguments, const std::string& input) const {
  ProcessOptions options;
  options.input = input;
  return run_cosell(with_config(std::move(arguments)), options);
}

Process Sandbox::begin(Arguments arguments, const ProcessOptions& options) const {
  return Process(with_config(std::move(arguments)), options);
}

Json Sandbox::answer(Arguments arguments, int code) const {
  arguments.push_back("--json");
  const std::string what = arguments.front();
  const Ended ended = cosell(std::move(arguments));
  EXPECT_EQ(ended.code, code) << what << ": " << ended.out << ended.err;
  Json json = Json::parse(ended.out, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << what << ": " << ended.out;
  if (json.is_object() && json.contains("pairs") && !json["pairs"].empty()) return json["pairs"][0];
  return json;
}

void Sandbox::advance(const std::string& duration) const { crm.post("clock", Json{{"advance", duration}}); }

void Sandbox::configure(const std::string& name, const Json& value) const {
  Json configuration = Json::parse(read_text(config()));
  configuration["pairs"][pair][name] = value;
  write_text(config(), configuration.dump(2));
}

// ---- the real APIs

std::string token_from(const std::string& url, const std::string& form) {
  const Answer answer = http_request("POST", url, form, {"Content-Type: application/x-www-form-urlencoded"});
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.json().value("access_token", "");
}

std::string secret_of(const Sandbox& sandbox, const std::string& name) {
  std::string text = read_text(sandbox.folder->file("secrets/" + name));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Salesforce::Salesforce(const Sandbox& sandbox)
    : stand_in_(sandbox.crm),
      token_(token_from(stand_in_.url + "/services/oauth2/token",
                        "grant_type=client_credentials&client_id=cosell-sandbox-app&client_secret=" +
                            secret_of(sandbox, "salesforce_client_secret"))) {}

Answer Salesforce::patch(const std::string& id, const Json& fields) const {
  const Answer answer =
      http_request("PATCH", stand_in_.url + "/services/data/v60.0/sobjects/Opportunity/" + id, fields.dump(),
                   {"Authorization: Bearer " + token_, "Content-Type: application/json"});
  EXPECT_EQ(answer.status, 204) << id << ": " << answer.body;
  return answer;
}

std::vector<Json> Salesforce::opportunities() const { return stand_in_.get("records")["opportunities"]; }

Json Salesforce::opportunity(const std::string& id) const {
  for (const Json& o : opportunities()) {
    if (o["Id"] == id) return o;
  }
  ADD_FAILURE() << "no opportunity " << id;
  return Json::object();
}

PartnerCenter::PartnerCenter(const Sandbox& sandbox)
    : stand_in_(sandbox.partner_center),
      login_form_("grant_type=refresh_token&client_id=cosell-sandbox-app&refresh_token=" +
                  secret_of(sandbox, "partner_center_refresh_token") +
                  "&scope=https://api.partner.microsoft.com/user_impersonation") {}

std::string PartnerCenter::token() const {
  if (token_.empty()) token_ = token_from(stand_in_.url + "/sandbox/oauth2/v2.0/token", login_form_);
  return token_;
}

Answer PartnerCenter::patch(const Json& referral, const Json& replaced) const {
  Json operations = Json::array();
  for (const auto& item : replaced.items()) {
    operations.push_back(Json{{"op", "replace"}, {"path", item.key()}, {"value", item.value()}});
  }
  const Answer answer = http_request(
      "PATCH", stand_in_.url + "/v1.0/engagements/referrals/" + referral["id"].get<std::string>(), operations.dump(),
      {"Authorization: Bearer " + token(), "Content-Type: application/json",
       "If-Match: " + referral["eTag"].get<std::string>()});
  EXPECT_EQ(answer.status, 204) << referral["name"] << ": " << answer.body;
  return answer;
}

Json PartnerCenter::get(const std::string& id) const {
  const Answer answer = http_request("GET", stand_in_.url + "/v1.0/engagements/referrals/" + id, "",
                                     {"Authorization: Bearer " + token()});
  EXPECT_EQ(answer.status, 200) << id << ": " << answer.body;
  return answer.json();
}

std::vector<Json> PartnerCenter::referrals() const { return stand_in_.get("records")["referrals"]; }

}  // namespace cosell::end_to_end
