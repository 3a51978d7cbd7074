// The referrals that the emulated service holds, with the indexes that its list call needs. Rules about what may
// be stored or changed are not here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::partner_center {

inline constexpr const char* kMicrosoft = "msft";

// One stored referral. The document is kept as text, since 100,000 parsed documents would need a gigabyte; what
// lists and rules ask for is taken out of it once, when it is stored.
struct Referral {
  std::string id;
  std::string engagement_id;
  std::string organization_id;
  std::string status;
  std::string substatus;
  std::string qualification;
  std::string type;
  std::string direction;
  std::string country;
  std::string external_reference_id;
  std::vector<std::string> team_emails;  // lower case
  std::string etag;
  std::int64_t created = 0;     // ticks
  std::int64_t updated = 0;     // ticks
  std::int64_t expires_ms = 0;  // only while New; 0: never
  std::string text;

  bool of_microsoft() const { return organization_id == kMicrosoft; }
};

class Model {
 public:
  // A referral at a time; equal times are told apart by the id, so that the order never depends on addresses.
  struct Place {
    std::int64_t at = 0;
    const Referral* referral = nullptr;
    bool operator<(const Place& other) const {
      return at != other.at ? at < other.at : referral->id < other.referral->id;
    }
  };
  using Index = std::set<Place>;

  const Referral* find(std::string_view id) const;  // without regard to case
  // The referrals of one engagement in the order in which they were stored.
  std::vector<const Referral*> engagement(std::string_view engagement_id) const;
  // The partner's own referral of an engagement; nullptr when there is none.
  const Referral* own_of(std::string_view engagement_id) const;
  const Index& by_created() const { return by_created_; }
  const Index& by_updated() const { return by_updated_; }
  std::size_t size() const { return referrals_.size(); }

  // The ids of New referrals whose time ran out, the earliest first.
  std::vector<std::string> due(Instant now) const;

  // Stores a new or changed document and returns what it became.
  const Referral& put(const Json& document);
  void clear();

  // Marks a document as changed now: a new tag and a modification time that was never used before.
  void touch(Json& document, Instant now, Random& random);
  Stamps& stamps() { return stamps_; }

  // The referral that a create with this MS-RequestId made, for services that honour it.
  std::map<std::string, std::string>& created_by_request() { return created_by_request_; }

  Json save() const;
  void load(const Json& saved);

 private:
  void unindex(const Referral& referral);
  void index(const Referral& referral);

  std::unordered_map<std::string, std::unique_ptr<Referral>> referrals_;
  std::unordered_map<std::string, std::vector<const Referral*>> engagements_;
  Index by_created_;
  Index by_updated_;
  Index waiting_;  // New referrals by expiry in milliseconds
  Stamps stamps_;
  std::uint32_t tags_ = 0;
  std::map<std::string, std::string> created_by_request_;
};

// The document of a referral, parsed.
Json document_of(const Referral& referral);

// Text at a JSON pointer; empty when it is absent, null or no text.
std::string text_at(const Json& document, std::string_view pointer);
bool true_at(const Json& document, std::string_view pointer);
// The value at a pointer; null when a step is absent.
const Json& value_at(const Json& document, std::string_view pointer);

}  // namespace cosell::emulator::partner_center
