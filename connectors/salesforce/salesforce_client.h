// Requests to the Salesforce REST API: address, token, repetition of reads, the one repetition after a refused
// token, and the running figure of API calls. Knows nothing of records; a refusal comes back as an Error.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_settings.h"
#include "net/oauth.h"

namespace cosell::salesforce {

struct Ask {
  std::string method = "GET";
  std::string path;  // from "/services/data/" on, or a whole address of the same instance
  std::optional<json::Value> body = {};
  std::string name;     // for messages: "GET queryAll"
  bool writes = false;  // never repeated here: whether it was applied may be unclear
  int batch_size = 0;   // rows per page of a query; 0: the server's choice
  http::Headers headers = {};
};

// "api-usage=10018/100000", as the last answer told it.
struct ApiUsage {
  std::int64_t used = 0;
  std::int64_t limit = 0;
};
std::optional<ApiUsage> parse_limit_info(std::string_view header);

class SalesforceClient {
 public:
  SalesforceClient(const SalesforceSettings& settings, std::shared_ptr<net::TokenSource> tokens);

  // An answer with status 2xx, or what went wrong. Reads are repeated within the retry policy.
  Result<http::Response> send(Call& call, const Ask& ask);
  // Independent reads, up to call.max_in_flight at once; answers in the order asked. Each counts as an API call.
  std::vector<Result<http::Response>> read_all(Call& call, const std::vector<Ask>& asks);
  // The same in as few API calls as can be: a composite counts as one, whatever it holds. Only for what composites are
  // documented to take: resources under /sobjects/, queries and their next pages. A part that is refused is an error of
  // that part alone, which names it.
  std::vector<Result<http::Response>> read_together(Call& call, const std::vector<Ask>& asks);

  // "/services/data/v60.0" + rest
  std::string path(std::string_view rest) const;
  Ask query(const std::string& soql, bool deleted_too) const;
  Ask describe(const std::string& object) const;
  // The next page of a query. Refuses (`bad_response`) an address that leads elsewhere: the token would go there.
  Result<Ask> next_page(const std::string& next_records_url) const;

  // Logs in when that is still to be done.
  Result<void> ensure_login();
  // "00D…@contoso.my.salesforce.com"; the organisation is empty where the token does not tell it.
  std::string environment() const;
  const std::string& organisation() const { return organisation_; }
  void set_organisation(std::string id) { organisation_ = std::move(id); }
  std::string host() const;

  const std::optional<ApiUsage>& usage() const { return usage_; }
  // The supported API versions; needs no token, so it tells whether the host is there at all.
  Result<http::Response> versions(Call& call);

 private:
  Result<net::Exchange> exchange_for(Call& call, const Ask& ask);
  Result<http::Response> judge(Call& call, const Ask& ask, Result<http::Response> answer);
  Result<http::Response> send_once(Call& call, const Ask& ask);
  std::vector<Result<http::Response>> read_composite_of(Call& call, std::span<const Ask> asks);
  std::string origin() const;

  const SalesforceSettings settings_;
  std::shared_ptr<net::TokenSource> tokens_;
  std::string organisation_;
  std::optional<ApiUsage> usage_;
};

}  // namespace cosell::salesforce
