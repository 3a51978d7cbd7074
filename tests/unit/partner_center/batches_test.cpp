// Batch after batch in one stream of requests: when the next one begins, and what an answer that is about more than its
// referral holds back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/text.h"
#include "scripted_service.h"

namespace cosell::test {
namespace {

using net::Delivered;
using testing::ElementsAre;

// Edits named by a letter per batch: "A0", "A1", …
std::vector<Operation> edits(char batch, int count) {
  std::vector<Operation> operations;
  for (int i = 0; i < count; ++i) {
    Operation op;
    op.id = OperationId(batch + std::to_string(i));
    op.kind = RecordKind::referral;
    op.target.id = RecordId(op.id.value);
    op.must_match = VersionToken("\"v1\"");
    op.changes = {{"notes", Value(std::string("new"))}};
    operations.push_back(std::move(op));
  }
  return operations;
}

// What happens, in its order: a batch is taken, a request arrives, outcomes are given.
class Way final : public Batches {
 public:
  explicit Way(std::vector<std::vector<Operation>> batches) : batches_(std::move(batches)) {}

  std::optional<std::span<const Operation>> next() override {
    if (taken_ == batches_.size()) return std::nullopt;
    const auto& batch = batches_[taken_++];
    story.push_back("begins " + (batch.empty() ? "empty" : batch.front().id.value.substr(0, 1)));
    return batch;
  }
  void give(std::vector<Outcome> given) override {
    story.push_back("ends " + (given.empty() ? "empty" : given.front().id.value.substr(0, 1)));
    for (Outcome& o : given) {
      const auto* error = std::get_if<Error>(&o.what);
      outcomes.push_back(o.id.value + (error == nullptr ? "" : std::string(" ") + name_of(error->kind)));
    }
  }

  std::vector<std::string> story;
  std::vector<std::string> outcomes;

 private:
  std::vector<std::vector<Operation>> batches_;
  std::size_t taken_ = 0;
};

class OneBatchBehindTheOther : public testing::Test {
 protected:
  // The service shows what it was asked in the story and answers each referral as `answers` says, else with success.
  void push(Way& way, int in_flight) {
    service_.otherwise = [this, &way](const http::Request& r) {
      const std::string id = r.url.substr(r.url.rfind('/') + 1);
      way.story.push_back(id);
      auto& scripted = answers[id];
      if (scripted.empty()) return Delivered{Delivered::Kind::response, answer(200, row(id, "2026-03-01T12:00:00Z"))};
      Delivered next = scripted.front();
      scripted.pop_front();
      return next;
    };
    Call call = service_.call();
    call.max_in_flight = in_flight;
    service_.connector->push_each(call, way);
  }
  static Delivered status(int code) { return {Delivered::Kind::response, answer(code, "{}")}; }

  std::map<std::string, std::deque<Delivered>> answers;
  ScriptedService service_;
};

TEST_F(OneBatchBehindTheOther, BeginsBesideTheLastRequestsOfTheFirst) {
  Way way({edits('A', 3), edits('B', 2)});
  push(way, 2);
  EXPECT_THAT(way.story, ElementsAre("begins A", "A0", "A1", "begins B", "A2", "ends A", "B0", "B1", "ends B"));
  EXPECT_THAT(way.outcomes, ElementsAre("A0", "A1", "A2", "B0", "B1"));
}

TEST_F(OneBatchBehindTheOther, IsTheOnlyOneThatMayBegin) {
  Way way({edits('A', 1), edits('B', 1), edits('C', 1)});
  push(way, 16);
  EXPECT_THAT(way.story,
              ElementsAre("begins A", "begins B", "A0", "ends A", "begins C", "B0", "ends B", "C0", "ends C"));
}

std::vector<Operation> changes_of_owner(char batch, int count) {
  std::vector<Operation> operations = edits(batch, count);
  for (Operation& op : operations) {
    op.changes = {{"team", Value(std::vector<Person>{{"Ida", "Berg", "+49", "ida@p.example"}})}};
    op.expected = {{"team", Value(std::vector<Person>{{"Sam", "Cole", "+1", "sam@p.example"}})}};
  }
  return operations;
}

// Notes how many requests each stream of them had.
class CountedStreams final : public net::Transport {
 public:
  explicit CountedStreams(net::Transport& inner) : inner_(inner) {}
  void stream(const Next& next, const Done& done, const Limit& max_in_flight) override {
    int requests = 0;
    const auto counted = [&] {
      auto exchange = next();
      if (exchange) ++requests;
      return exchange;
    };
    inner_.stream(counted, done, max_in_flight);
    sizes.push_back(requests);
  }
  std::vector<int> sizes;

 private:
  net::Transport& inner_;
};

// Reads one by one between the writes would keep answers waiting until their time is over.
TEST_F(OneBatchBehindTheOther, IsReadTogetherOnceNothingIsUnderWayWhereListsAreReplaced) {
  Way way({edits('A', 2), changes_of_owner('B', 3), edits('C', 1)});
  service_.otherwise = [&way](const http::Request& r) {
    const std::string id = r.url.substr(r.url.rfind('/') + 1);
    way.story.push_back((r.method == "GET" ? "reads " : "") + id);
    const std::string shown = R"({"id":")" + id + R"(","eTag":"\"v1\"","team":[]})";
    return Delivered{Delivered::Kind::response, answer(200, shown)};
  };
  CountedStreams streams(service_.transport);
  Call call{streams, service_.clock, service_.random, service_.meter, "partner_center"};
  service_.connector->push_each(call, way);
  EXPECT_THAT(way.story, ElementsAre("begins A", "begins B", "A0", "A1", "ends A", "reads B0", "reads B1", "reads B2",
                                     "begins C", "B0", "B1", "B2", "ends B", "C0", "ends C"));
  EXPECT_THAT(way.outcomes, ElementsAre("A0", "A1", "B0", "B1", "B2", "C0"));
  EXPECT_THAT(streams.sizes, ElementsAre(3, 6)) << "the reads go out together";
}

TEST_F(OneBatchBehindTheOther, EndsAfterTheFirstAlsoWhenItsAnswersComeBefore) {
  SeededRandom order(3);
  bool overtaken = false;
  for (int attempt = 0; attempt < 50; ++attempt) {
    Way way({edits('A', 3), edits('B', 3)});
    net::InProcessTransport shuffled(
        [&](const http::Request& r) {
          const std::string id = r.url.substr(r.url.rfind('/') + 1);
          way.story.push_back(id);
          return Delivered{Delivered::Kind::response, answer(200, row(id, "2026-03-01T12:00:00Z"))};
        },
        &order);
    Call call{shuffled, service_.clock, service_.random, service_.meter, "partner_center"};
    call.max_in_flight = 4;
    service_.connector->push_each(call, way);
    EXPECT_THAT(way.outcomes, ElementsAre("A0", "A1", "A2", "B0", "B1", "B2"));
    const auto place = [&](const std::string& what) {
      return std::find(way.story.begin(), way.story.end(), what) - way.story.begin();
    };
    overtaken = overtaken || place("B0") < std::max({place("A0"), place("A1"), place("A2")});
  }
  EXPECT_TRUE(overtaken);
}

TEST_F(OneBatchBehindTheOther, BeginsOnlyOnceTheFirstIsGivenAfterAnAnswerThatMayBeAboutMore) {
  for (const Delivered& trouble :
       {status(500), status(503), status(403), status(302), Delivered{Delivered::Kind::dropped_after, {}}}) {
    Way way({edits('A', 3), edits('B', 1)});
    answers["A0"] = {trouble};
    push(way, 2);
    EXPECT_THAT(way.story, ElementsAre("begins A", "A0", "A1", "A2", "ends A", "begins B", "B0", "ends B"))
        << trouble.response.status;
  }
}

// F-07: whoever is asked to wait, and whom nobody reaches, sends nothing more.
TEST_F(OneBatchBehindTheOther, IsNotSentOnceTheServiceAsksToWaitOrIsNotReached) {
  for (const Delivered& trouble : {status(429), Delivered{Delivered::Kind::unreachable, {}}}) {
    Way way({edits('A', 3), edits('B', 1)});
    answers["A0"] = {trouble};
    push(way, 1);
    EXPECT_THAT(way.story, ElementsAre("begins A", "A0", "ends A", "begins B", "B0", "ends B"))
        << trouble.response.status;
    const std::string kind = trouble.response.status == 429 ? " throttled" : " transient";
    EXPECT_THAT(way.outcomes, ElementsAre("A0" + kind, "A1" + kind, "A2" + kind, "B0"));
  }
}

TEST_F(OneBatchBehindTheOther, DoesNotWaitWhenOneReferralWasRefused) {
  for (const int refusal : {400, 404, 409, 412, 422}) {
    Way way({edits('A', 2), edits('B', 1)});
    answers["A0"] = {status(refusal)};
    push(way, 2);
    EXPECT_THAT(way.story, ElementsAre("begins A", "A0", "begins B", "A1", "ends A", "B0", "ends B")) << refusal;
  }
}

TEST_F(OneBatchBehindTheOther, GoesOutAgainWithTheFirstAfterOneNewLogin) {
  Way way({edits('A', 2), edits('B', 2), edits('C', 1)});
  answers["A1"] = {status(401)};
  answers["B0"] = {status(401)};
  push(way, 3);
  EXPECT_EQ(service_.tokens->renewed, 1);
  EXPECT_THAT(way.story, ElementsAre("begins A", "begins B", "A0", "A1", "B0", "B1", "A1", "B0", "ends A", "ends B",
                                     "begins C", "C0", "ends C"));
  EXPECT_THAT(way.outcomes, ElementsAre("A0", "A1", "B0", "B1", "C0"));
}

TEST_F(OneBatchBehindTheOther, IsBegunBehindOneThatNeedsNoRequest) {
  auto without_version = edits('B', 1);
  without_version.front().must_match = {};
  Way way({edits('A', 1), without_version, {}, edits('C', 1)});
  push(way, 1);
  EXPECT_THAT(way.outcomes, ElementsAre("A0", "B0 precondition", "C0"));
  EXPECT_EQ(service_.requests.size(), 2U);
}

// A login that ends for good after three requests.
class EndingLogin final : public net::TokenSource {
 public:
  Result<std::string> token() override {
    if (++asked > 3) return make_error(ErrorClass::auth_expired, "The saved login has ended.");
    return std::string("token");
  }
  void invalidate() override {}
  int asked = 0;
};

TEST_F(OneBatchBehindTheOther, FindsThatTheLoginEndedInTheMiddleOfTheFirst) {
  const auto login = std::make_shared<EndingLogin>();
  service_.connector = make_partner_center_connector({}, login);
  Way way({edits('A', 5), edits('B', 2)});
  push(way, 1);
  EXPECT_THAT(way.outcomes, ElementsAre("A0", "A1", "A2", "A3 auth_expired", "A4 auth_expired", "B0 auth_expired",
                                        "B1 auth_expired"));
  EXPECT_EQ(service_.requests.size(), 3U);
  EXPECT_EQ(login->asked, 5) << "once for each batch that needs it";
}

}  // namespace
}  // namespace cosell::test
