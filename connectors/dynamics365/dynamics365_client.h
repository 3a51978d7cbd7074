// Requests to the Dataverse Web API: address, token, repetition of reads, batches, and the one repetition after a
// refused token. Knows nothing of records; a refusal comes back as an Error.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_multipart.h"
#include "connectors/dynamics365/dynamics365_settings.h"
#include "net/oauth.h"

namespace cosell::dynamics365 {

struct Read {
  std::string path;         // "opportunities?$select=name", below the root; or from "/api/data/" on
  std::string name;         // for messages: "GET opportunities"
  std::string prefer = {};  // value of the Prefer header
};

class Dynamics365Client {
 public:
  Dynamics365Client(const Dynamics365Settings& settings, std::shared_ptr<net::TokenSource> tokens);

  // An answer with status 2xx, or what went wrong. Repeated within the retry policy.
  Result<http::Response> read(Call& call, const Read& ask);
  // Independent reads, in as few requests as possible (a single one plainly, several as a batch); answers in the order
  // asked. When the batch itself fails, each has its error. For service protection (6,000 requests in five minutes) a
  // batch counts once, and its time as a whole; for the daily entitlement each part counts, so that a batch saves round
  // trips and never a part that need not be asked.
  std::vector<Result<http::Response>> read_all(Call& call, const std::vector<Read>& asks);

  // Sends writes once; the server goes on after parts that fail. Answers in the order of the items, possibly fewer.
  struct Written {
    std::vector<BatchAnswer> answers;
    bool stopped = false;  // the server went no further than the first refusal, which is the last answer
    std::string request_id;
  };
  Result<Written> write(Call& call, const std::vector<BatchItem>& items);

  // One write outside a batch, sent once: metadata and what goes with them.
  struct Change {
    std::string method;
    std::string path;
    std::string body;
    http::Headers headers;
    std::string name;  // for messages
  };
  Result<http::Response> change(Call& call, const Change& change);

  // "/api/data/v9.2/" + rest; what begins with "/api/data/" stays.
  std::string path(std::string_view rest) const;
  // Path and query of a link that the server gave with its answer to a request, named as in "GET opportunities".
  // Refuses (`bad_response`) one that leads elsewhere: the token would go there.
  Result<std::string> own_path(const std::string& link, const std::string& request) const;

  // While it lives, requests ask for the latest definitions and permissions (Consistency: Strong): the platform may
  // else answer with those of half a minute ago. It makes them slower.
  class Latest {
   public:
    explicit Latest(Dynamics365Client& client) : client_(client) { client_.latest_ = true; }
    ~Latest() { client_.latest_ = false; }
    Latest(const Latest&) = delete;
    Latest& operator=(const Latest&) = delete;

   private:
    Dynamics365Client& client_;
  };

  Result<void> ensure_login();
  // "1f0e…@contoso.crm.dynamics.com"; the organisation is empty until WhoAmI told it.
  std::string environment() const;
  const std::string& organisation() const { return organisation_; }
  void set_organisation(std::string id) { organisation_ = std::move(id); }
  std::string host() const;

 private:
  Result<net::Exchange> exchange_for(Call& call, const std::string& method, const std::string& path_and_query);
  Result<net::Exchange> batch_exchange(Call& call, const std::vector<BatchItem>& items);
  // `make` builds the exchange anew for the repetition with a new token.
  template <class Make>
  Result<http::Response> repeatable(Call& call, const Make& make);
  Result<http::Response> send_write(Call& call, const net::Exchange& exchange);
  Result<http::Response> write_once(Call& call, const std::vector<BatchItem>& items);
  std::vector<Result<http::Response>> read_batch_of(Call& call, const std::vector<Read>& asks);
  // The error is about the batch as a whole.
  Result<std::vector<Result<http::Response>>> read_batch_once(Call& call, const std::vector<Read>& asks);

  const Dynamics365Settings settings_;
  std::shared_ptr<net::TokenSource> tokens_;
  std::string organisation_;
  bool latest_ = false;
};

}  // namespace cosell::dynamics365
