// Text helpers, encodings, random numbers and error names.
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/random.h"

namespace cosell::text {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;

TEST(Text, IsTrimmedSplitAndJoined) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join({}, ","), "");
  EXPECT_EQ(replace_all("aaa", "a", "aa"), "aaaaaa");
  EXPECT_EQ(replace_all("abc", "", "x"), "abc");
  EXPECT_EQ(replace_all("x--y--", "--", ""), "xy");
}

TEST(Text, KnowsPrefixSuffixAndAsciiCase) {
  EXPECT_TRUE(starts_with("abc", "ab"));
  EXPECT_FALSE(starts_with("a", "ab"));
  EXPECT_TRUE(ends_with("abc", "bc"));
  EXPECT_FALSE(ends_with("c", "bc"));
  EXPECT_TRUE(equals_ignore_case("ETag", "etaG"));
  EXPECT_FALSE(equals_ignore_case("ETag", "etags"));
  EXPECT_EQ(lower_ascii("ÄBC"), "Äbc");
}

TEST(Text, KnowsValidUtf8) {
  EXPECT_TRUE(is_valid_utf8("a é € 😀"));
  EXPECT_TRUE(is_valid_utf8(""));
  for (const char* bytes : {"\x80", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(is_valid_utf8(bytes));
  }
}

TEST(Text, ComparesComposedAndDecomposedFormsAsEqual) {
  const std::string decomposed = "Mu\xCC\x88ller";
  EXPECT_EQ(nfc(decomposed), "Müller");
  EXPECT_EQ(nfc("plain"), "plain");
  EXPECT_EQ(nfc("bad \xFF"), "bad \xFF");
  EXPECT_EQ(comparable(decomposed + "\r\nline two \t\n"), "Müller\nline two");
  EXPECT_EQ(comparable("  a"), "  a");
}

TEST(Text, FoldsCaseAloneAndAccentsToo) {
  EXPECT_EQ(case_folded("Contoso, LTD."), "contoso, ltd.");
  EXPECT_EQ(case_folded("STRASSE"), case_folded("Stra\u00DFe"));
  EXPECT_NE(case_folded("Caf\u00E9"), case_folded("Cafe"));
  EXPECT_EQ(without_accents("Caf\u00E9 \uFF32\uFF4F\uFF4D\uFF41"), "cafe roma");
  EXPECT_EQ(without_accents("M\u00DCLLER"), without_accents("Mu\u0308ller"));
  EXPECT_EQ(without_accents("\u6F22\u5B57"), "\u6F22\u5B57");
}

TEST(Text, FoldsNamesForMatching) {
  EXPECT_EQ(folded("  Contoso, Ltd.  "), "contoso ltd");
  EXPECT_EQ(folded("CONTOSO\u00A0LTD"), "contoso ltd");
  EXPECT_EQ(folded("Straße"), folded("STRASSE"));
  EXPECT_EQ(folded("Mu\xCC\x88ller"), folded("MÜLLER"));
  EXPECT_EQ(folded("A.-B"), "a b");
  EXPECT_EQ(folded("zero\u200Bwidth"), "zerowidth");
  EXPECT_NE(folded("C++ Club"), folded("C Club"));
  EXPECT_EQ(folded("..."), "");
  EXPECT_EQ(folded("BAD \xFF"), "bad \xFF");
}

TEST(Text, FoldsPlainNamesAsItFoldsAllOthers) {
  for (int code = 0; code < 0x80; ++code) {
    const std::string name = std::string("A ") + static_cast<char>(code) + "Z";
    EXPECT_EQ(folded(name) + "\u00e9", folded(name + "\u00c9")) << code;
  }
}

TEST(Text, FindsTheNearestNameForATypingSlip) {
  const std::vector<std::string> names = {"Amount", "CloseDate", "StageName", "Name"};
  EXPECT_EQ(nearest("CloseDat", names), "CloseDate");
  EXPECT_EQ(nearest("closedate", names), "CloseDate");
  EXPECT_EQ(nearest("Amuont", names), "Amount");
  EXPECT_EQ(nearest("Nmae", names), "Name");
  EXPECT_EQ(nearest("Probability", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(Text, CountsInWords) {
  EXPECT_EQ(count_of(0, "deal"), "0 deals");
  EXPECT_EQ(count_of(1, "deal"), "1 deal");
  EXPECT_EQ(count_of(2, "company", "companies"), "2 companies");
}

TEST(Encoding, PercentSurvivesTheWayThereAndBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(percent_decode("a+b%2"), "a+b%2");
  EXPECT_EQ(percent_decode("a+b%2b", true), "a b+");
}

TEST(Encoding, Base64GivesTheVectorsOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
    EXPECT_EQ(base64_decode(base64url_encode(plain)), plain);
  }
  EXPECT_EQ(base64url_encode("\xFB\xFF"), "-_8");
  EXPECT_EQ(base64_decode("-_8"), "\xFB\xFF");
  EXPECT_EQ(base64_decode("+/8="), "\xFB\xFF");
  for (const char* bad : {"A", "Zg=", "Zm9v!", "Zg==Zg==", "Z g=", "===="}) EXPECT_EQ(base64_decode(bad), "") << bad;
}

TEST(Encoding, Sha256GivesTheKnownDigest) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(RandomNumbers, RepeatForASeedAndStayBelowTheirBound) {
  SeededRandom a(7);
  SeededRandom b(7);
  std::vector<int> seen(5, 0);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t n = a.below(5);
    EXPECT_EQ(n, b.below(5));
    ASSERT_LT(n, 5U);
    ++seen[n];
  }
  for (const int count : seen) EXPECT_GT(count, 120);
  EXPECT_EQ(a.below(1), 0U);
}

// Gives the largest number first: it must be drawn again where it would favour small results.
struct Largest final : Random {
  int draws = 0;
  std::uint64_t next() override { return ++draws == 1 ? UINT64_MAX : 4; }
};

TEST(RandomNumbers, AreFairAtTheEdge) {
  Largest random;
  EXPECT_EQ(random.below(4), 3U);  // 2^64 is divisible by 4: every number is fair
  EXPECT_EQ(random.draws, 1);
  Largest again;
  EXPECT_EQ(again.below(10), 4U);
  EXPECT_EQ(again.draws, 2);
}

TEST(RandomNumbers, OfTheSystemDifferBetweenThreadsAndInAProcessThatIsForkedOff) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  const auto draw = [&random] {
    std::array<std::uint64_t, 100> numbers{};
    for (std::uint64_t& n : numbers) n = random.next();
    return numbers;
  };
  const auto keep = [&seen](const auto& numbers) { seen.insert(numbers.begin(), numbers.end()); };
  keep(draw());
  std::thread([&] { keep(draw()); }).join();
  seen.insert(random.next());  // numbers are in store when the process splits
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto numbers = draw();
    ::_exit(::write(pipe[1], numbers.data(), sizeof(numbers)) == sizeof(numbers) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  std::array<std::uint64_t, 100> theirs{};
  ASSERT_EQ(::read(pipe[0], theirs.data(), sizeof(theirs)), static_cast<ssize_t>(sizeof(theirs)));
  keep(theirs);
  keep(draw());
  EXPECT_EQ(seen.size(), 401U);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(Uuid, IsTheTwoNumbersInHexadecimalDigits) {
  class Fixed final : public Random {
   public:
    std::uint64_t next() override { return odd_ = !odd_, odd_ ? 0x0123'4567'89ab'cdefU : 0xfedc'ba98'7654'3210U; }

   private:
    bool odd_ = false;
  };
  EXPECT_EQ(Fixed().uuid(), "01234567-89ab-4def-bedc-ba9876543210");
}

TEST(Uuid, InOrderOfTimeIsThatOfTheStandardsExample) {  // RFC 9562, appendix A.6
  class Fixed final : public Random {
   public:
    std::uint64_t next() override { return first_ = !first_, first_ ? 0xcc3U : 0x18c4'dc0c'0c07'398fU; }

   private:
    bool first_ = false;
  };
  Fixed random;
  const std::string at = random.uuid_in_order(Instant{0x017f'22e2'79b0});
  EXPECT_EQ(at, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_LT(at, random.uuid_in_order(Instant{0x017f'22e2'79b1}));
}

TEST(Uuid, HasVersionFourAndDoesNotRepeat) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string id = random.uuid();
    ASSERT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 500U);
}

TEST(ErrorClasses, HaveNamesThatLeadBackToThem) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(ErrorClass::bug); ++i) {
    const auto kind = static_cast<ErrorClass>(i);
    names.insert(name_of(kind));
    EXPECT_EQ(error_class_from(name_of(kind)), kind);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorClass::bug) + 1);
  EXPECT_EQ(error_class_from("Transient"), std::nullopt);
  EXPECT_STREQ(name_of(ErrorClass::cursor_invalid), "cursor_invalid");
}

}  // namespace
}  // namespace cosell::text
