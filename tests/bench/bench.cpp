// The benchmark: cycles of the real program against the sandbox's servers, measured from outside. Each run loads N/2
// deals into the CRM and N/2 inbound deals into Partner Center, then syncs them all, then 1 % edited (half on each
// side), then nothing; after each sync that wrote, one that reads its own writes back. Beside each figure stands the
// least that the work could cost. Usage: scripts/bench.
#include <curl/curl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <stdexcept>

#include "tests/end_to_end/crm.h"

namespace cosell::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

// What is said of a CRM: how its export is loaded, edited and read, and how many rows travel together.
struct CrmFacts {
  std::string system;
  Arguments load;  // --map and --set
  int page, batch;
};

CrmFacts facts_of(const std::string& crm) {
  if (crm == "dynamics365") {
    return {crm,
            {"--map", "name=name", "salesstage=stage", "account.name=account", "estimatedvalue=value",
             "estimatedclosedate=close", "--set", "transactioncurrencyid=USD", "cosell_sync=true",
             "cosell_solution=SOL-ABCDE-FGH", "account.address1_line1=1 Main Street",
             "account.address1_city=Springfield", "account.address1_country=US", "owner.fullname=Ida Berg"},
            5000,
            1000};
  }
  return {crm,
          {"--map", "Name=name", "StageName=stage", "Account.Name=account", "Amount=value", "CloseDate=close", "--set",
           "CurrencyIsoCode=USD", "Cosell_Sync__c=true", "Cosell_Solution__c=SOL-ABCDE-FGH",
           "Account.BillingStreet=1 Main Street", "Account.BillingCity=Springfield", "Account.BillingCountry=US",
           "Owner.Name=Ida Berg"},
          2000,
          1000};  // five collections of 200
}

// A request again and again over one connection, as bare as libcurl allows.
class Wire {
 public:
  Wire() : easy_(curl_easy_init(), curl_easy_cleanup) {}

  Answer send(const std::string& method, const std::string& url, const std::string& token, const std::string& body = "",
              const Headers& more = {}) {
    curl_slist* list = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
    list = curl_slist_append(list, "Content-Type: application/json");
    for (const std::string& header : more) list = curl_slist_append(list, header.c_str());
    Answer answer;
    curl_easy_reset(easy_.get());
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy_.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list);
    if (!body.empty()) curl_easy_setopt(easy_.get(), CURLOPT_COPYPOSTFIELDS, body.c_str());
    curl_easy_setopt(easy_.get(), CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy_.get(), CURLOPT_WRITEDATA, &answer.body);
    long status = 0;
    if (curl_easy_perform(easy_.get()) == CURLE_OK) curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(list);
    answer.status = static_cast<int>(status);
    if (answer.status < 200 || answer.status > 299) {
      throw std::runtime_error(method + " " + url + ": " + std::to_string(status) + " " + answer.body);
    }
    return answer;
  }

 private:
  static std::size_t take(char* data, std::size_t size, std::size_t count, void* target) {
    static_cast<std::string*>(target)->append(data, size * count);
    return size * count;
  }
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
};

// ---- one cycle, measured

struct Measured {
  double wall_s = 0, cpu_s = 0, peak_mib = 0;
  Json report;
};

// The peak that Linux reports of a child begins with its parent's: this program stays small.
Measured sync(const Sandbox& sandbox) {
  const std::string out = sandbox.folder->file("report.json");
  std::fflush(stdout);
  const auto begun = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen(out.c_str(), "w", stdout) == nullptr) ::_exit(126);
    ::execl(COSELL_BINARY, COSELL_BINARY, "sync", "--json", "--allow", "creates", "--config", sandbox.config().c_str(),
            nullptr);
    ::_exit(127);
  }
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  Measured m;
  m.wall_s = seconds_since(begun);
  const auto seconds_of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  m.cpu_s = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  m.peak_mib = static_cast<double>(used.ru_maxrss) / 1024;
  const Json answer = Json::parse(read_text(out), nullptr, false);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("the sync failed (" + std::to_string(status) + "): " + read_text(out));
  }
  m.report = answer["pairs"][0];
  return m;
}

struct Run {
  std::string crm;
  int deals = 0, latency_ms = 0, in_flight = 0;
  bool lists_requests = false;
};

std::int64_t ceil_of(std::int64_t rows, std::int64_t page) { return (rows + page - 1) / page; }

class Bench {
 public:
  explicit Bench(const Run& run) : run_(run), crm_(facts_of(run.crm)), sandbox_(options()) {
    sandbox_.configure("in_flight", Json{{"partner_center", run.in_flight}});
    sandbox_.configure("guards", Json{{"first_sync", {{"deals", 1'000'000}}}});  // nobody is there to approve the plan
    sandbox_.partner_center.post("inbound", Json{{"count", run.deals / 2}, {"customers", std::max(1, run.deals / 40)}});
    log_in();
    for (const StandIn* side : {&sandbox_.crm, &sandbox_.partner_center}) side->set("latency_ms", run.latency_ms);
    exchange_s_ = bare_exchange();
  }

  void go() {
    measure("first", run_.deals / 2);
    sandbox_.advance("1h");
    measure("echo", run_.deals);  // reads what the sync before wrote
    sandbox_.advance("1h");
    edit(run_.deals / 200);
    measure("1 %", std::max(1, run_.deals / 200));
    sandbox_.advance("1h");
    measure("echo", run_.deals / 100);
    sandbox_.advance("1h");
    measure("idle", 0);
  }

 private:
  SandboxOptions options() {
    const std::string file = folder_.file("deals.csv");
    std::ofstream csv(file);
    csv << "name,account,stage,value,close\n";
    const std::string stage = run_.crm == "dynamics365" ? "Develop" : "Value Proposition";
    for (int i = 0; i < run_.deals / 2; ++i) {
      csv << "Deal " << i << ",Company " << i % std::max(1, run_.deals / 40) << "," << stage << "," << 1000 + i
          << ",2031-03-31\n";
    }
    csv.close();
    SandboxOptions options;
    options.crm = run_.crm;
    options.more = {"--load", file};
    options.more.insert(options.more.end(), crm_.load.begin(), crm_.load.end());
    return options;
  }

  void log_in() {
    partner_center_token_ = token_from(sandbox_.partner_center.url + "/sandbox/oauth2/v2.0/token",
                                       "grant_type=refresh_token&client_id=cosell-sandbox-app&refresh_token=" +
                                           secret_of(sandbox_, "partner_center_refresh_token") +
                                           "&scope=https://api.partner.microsoft.com/user_impersonation");
    const std::string secret = secret_of(sandbox_, run_.crm + "_client_secret");
    const Json login = Json::parse(read_text(sandbox_.config()))["pairs"][run_.crm]["crm"]["login"];
    const std::string url = sandbox_.crm.url;
    crm_token_ = token_from(login.value("token_url", url + "/services/oauth2/token"),
                            "grant_type=client_credentials&client_id=" + login["client_id"].get<std::string>() +
                                "&client_secret=" + secret + "&scope=" + url + "/.default");
  }

  // L: one request and its answer, without anything of ours around it.
  double bare_exchange() {
    const std::string url = sandbox_.partner_center.url + "/v1.0/engagements/referrals?$top=1";
    std::vector<double> took;
    for (int i = 0; i < 31; ++i) {
      const auto begun = Clock::now();
      wire_.send("GET", url, partner_center_token_);
      took.push_back(seconds_since(begun));
    }
    std::sort(took.begin(), took.end());
    return took[took.size() / 2];
  }

  void edit(int each) {
    for (const StandIn* side : {&sandbox_.crm, &sandbox_.partner_center}) side->set("latency_ms", 0);
    log_in();  // the first login is older than the sandbox's clock allows
    edit_partner_center(each, edit_crm(each));
    for (const StandIn* side : {&sandbox_.crm, &sandbox_.partner_center}) side->set("latency_ms", run_.latency_ms);
  }

  // Deals that were in the CRM first; gives their names, so that no deal is edited on both sides.
  std::set<std::string> edit_crm(int each) {
    const bool salesforce = run_.crm == "salesforce";
    const std::string api = sandbox_.crm.url + (salesforce ? "/services/data/v60.0/" : "/api/data/v9.2/");
    const std::string list =
        salesforce ? "query?q=SELECT+Id,Name+FROM+Opportunity+WHERE+Name+LIKE+'Deal+%25'+LIMIT+" + std::to_string(each)
                   : "opportunities?$select=name&$filter=startswith(name,'Deal%20')&$top=" + std::to_string(each);
    const Json rows = wire_.send("GET", api + list, crm_token_).json();
    int n = 0;
    std::set<std::string> names;
    for (const Json& row : rows[salesforce ? "records" : "value"]) {
      names.insert(row[salesforce ? "Name" : "name"].get<std::string>());
      const std::string id = row[salesforce ? "Id" : "opportunityid"];
      const std::string path = salesforce ? "sobjects/Opportunity/" + id : "opportunities(" + id + ")";
      const Json fields = Json{{salesforce ? "Amount" : "estimatedvalue", 77'000 + n++}};
      wire_.send("PATCH", api + path, crm_token_, fields.dump(), {"If-Match: *"});
    }
    if (n != each) throw std::runtime_error("only " + std::to_string(n) + " deals to edit in the CRM");
    return names;
  }

  // Referrals that the bridge made: inbound ones are not answered yet, and may not be edited before.
  void edit_partner_center(int each, const std::set<std::string>& but_not) {
    const std::string api = sandbox_.partner_center.url;
    std::string next = api + "/v1.0/engagements/referrals?$filter=direction%20eq%20'Outgoing'";
    int n = 0;
    while (n < each && !next.empty()) {
      const Json page = wire_.send("GET", next, partner_center_token_).json();
      for (const Json& referral : page["value"]) {
        const bool edited = but_not.count(referral["name"].get<std::string>()) > 0;
        if (n == each || edited || referral["direction"] != "Outgoing") continue;
        const Json patch =
            Json::array({Json{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 88'000 + n++}}});
        wire_.send("PATCH", api + "/v1.0/engagements/referrals/" + referral["id"].get<std::string>(),
                   partner_center_token_, patch.dump(), {"If-Match: " + referral["eTag"].get<std::string>()});
      }
      next = page.value("@odata.nextLink", page.value("nextLink", ""));
      // The link leads to another host and path; only its query counts.
      const auto query = next.find('?');
      if (query != std::string::npos) next = api + "/v1.0/engagements/referrals" + next.substr(query);
    }
    if (n != each) throw std::runtime_error("only " + std::to_string(n) + " referrals to edit");
  }

  std::int64_t done(const Json& report, const std::string& begin) const {
    std::int64_t n = 0;
    for (const auto& item : report["done"].items()) {
      if (item.key().rfind(begin, 0) == 0) n += item.value().get<std::int64_t>();
    }
    return n;
  }

  double store_bytes() const {
    double bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(sandbox_.folder->file("state"))) {
      if (file.path().filename().string().rfind(run_.crm + ".db", 0) == 0) {
        bytes += static_cast<double>(file.file_size());
      }
    }
    return bytes;
  }

  void measure(const char* name, int changed_on_each_side) {
    sandbox_.crm.forget_counts();
    sandbox_.partner_center.forget_counts();
    const Measured m = sync(sandbox_);
    const std::int64_t reads_crm = std::max<std::int64_t>(1, ceil_of(changed_on_each_side, crm_.page));
    const std::int64_t reads_pc = std::max<std::int64_t>(1, ceil_of(changed_on_each_side, 100));
    std::int64_t writes_crm = 0;
    for (const char* kind : {"crm.account", "crm.opportunity.create", "crm.opportunity.update"}) {
      writes_crm += ceil_of(done(m.report, kind), crm_.batch);
    }
    const std::int64_t writes_pc = done(m.report, "partner_center");
    const double least_s = static_cast<double>(reads_crm + reads_pc + writes_crm) * exchange_s_ +
                           static_cast<double>(writes_pc) * exchange_s_ / run_.in_flight;
    std::printf("%-11s %7d %4d %3d  %-5s %8lld %7d /%6lld %8d /%7lld %8.2f /%7.2f %7.2f %6.1f %6.1f\n",
                run_.crm.c_str(), run_.deals, run_.latency_ms, run_.in_flight, name,
                static_cast<long long>(done(m.report, "")), sandbox_.crm.requests(),
                static_cast<long long>(reads_crm + writes_crm), sandbox_.partner_center.requests(),
                static_cast<long long>(reads_pc + writes_pc), m.wall_s, least_s, m.cpu_s, m.peak_mib,
                store_bytes() / run_.deals / 1024);
    if (run_.lists_requests) list_requests();
    std::fflush(stdout);
  }

  // What the CRM was asked, by request, and what lay inside batches and composites.
  void list_requests() const {
    const Json stats = sandbox_.crm.get("stats");
    for (const char* where : {"requests", "inside_batches"}) {
      for (const Json& row : stats[where]) {
        std::printf("  %s%4d x %s %s (%d)\n", std::string(where) == "requests" ? "" : "  inside ",
                    row["count"].get<int>(), row["method"].get<std::string>().c_str(),
                    row["path"].get<std::string>().c_str(), row["status"].get<int>());
      }
    }
  }

  const Run run_;
  const CrmFacts crm_;
  TemporaryFolder folder_;
  Sandbox sandbox_;
  Wire wire_;
  std::string crm_token_, partner_center_token_;
  double exchange_s_ = 0;
};

std::vector<int> numbers_in(const std::string& list) {
  std::vector<int> numbers;
  std::istringstream in(list);
  for (std::string one; std::getline(in, one, ',');) numbers.push_back(std::stoi(one));
  return numbers;
}

struct Plan {
  std::vector<std::string> crms = every_crm();
  std::vector<int> deals = {1000, 10'000}, latencies_ms = {0, 20}, in_flight = {4, 16, 32};
  bool lists_requests = false;
};

Plan plan_of(const Arguments& arguments) {
  Plan plan;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (argument == "short") {
      plan.deals = {1000}, plan.in_flight = {16};
    } else if (argument == "full") {
      plan.deals = {1000, 10'000, 100'000};
    } else if (argument == "requests") {
      plan.lists_requests = true;
    } else if (name == "deals") {
      plan.deals = numbers_in(value);
    } else if (name == "latency") {
      plan.latencies_ms = numbers_in(value);
    } else if (name == "in_flight") {
      plan.in_flight = numbers_in(value);
    } else if (name == "crm") {
      plan.crms = {value};
    } else {
      throw std::runtime_error(
          "usage: scripts/bench [short|full] [requests] [deals=1000,10000] [latency=0,20] [in_flight=4,16,32] "
          "[crm=salesforce]");
    }
  }
  return plan;
}

int bench(const Arguments& arguments) {
  const Plan plan = plan_of(arguments);
  std::puts(
      "                   ms in                    CRM calls    Partner Center          wall s     CPU   peak  store\n"
      "CRM           deals  L  fl  cycle   writes    / least  calls /  least    /   least       s    MiB KB/deal");
  for (const std::string& crm : plan.crms) {
    for (const int deals : plan.deals) {
      for (const int latency_ms : plan.latencies_ms) {
        for (const int in_flight : plan.in_flight) {
          Run run;
          run.crm = crm, run.deals = deals, run.latency_ms = latency_ms, run.in_flight = in_flight;
          run.lists_requests = plan.lists_requests;
          Bench(run).go();
        }
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace cosell::end_to_end

int main(int count, char** words) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  try {
    return cosell::end_to_end::bench(cosell::end_to_end::Arguments(words + 1, words + count));
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << "\n";
    return 1;
  }
}
