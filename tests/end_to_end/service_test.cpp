// A running service and the person beside it: a configuration that is edited.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "sandbox.h"

namespace cosell::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The mapping counts from the next sync on, and people expect the same of the configuration.
TEST(Service, SaysOnceThatItsConfigurationWasChangedAndGoesOnWithTheOneThatItRead) {
  const Sandbox sandbox({5, {}, ""});
  sandbox.configure("irreversible", Json{{"settle", "1s"}, {"lost", "auto"}});
  const std::string before = read_text(sandbox.config());
  Process service = sandbox.begin({"run", "--every", "1s"});
  ASSERT_TRUE(eventually([&] {
    return service.out().find("written") != std::string::npos ||
           service.out().find("new referral") != std::string::npos;
  })) << service.err();
  const char* told = "The configuration was changed; it counts when the service is started again";
  const auto times_told = [&] {
    int times = 0;
    const std::string said = service.err();
    for (std::size_t at = said.find(told); at != std::string::npos; at = said.find(told, at + 1)) ++times;
    return times;
  };
  EXPECT_THAT(sandbox.cosell({"status"}).out, Not(HasSubstr(told)));

  sandbox.configure("irreversible", Json{{"settle", "1s"}, {"lost", "never"}});
  ASSERT_TRUE(eventually([&] { return service.err().find(told) != std::string::npos; })) << service.err();
  EXPECT_THAT(sandbox.cosell({"status"}).out, HasSubstr(told));
  EXPECT_EQ(sandbox.answer({"status"})["configuration_changed"], true);
  const Ended alert = sandbox.cosell({"status", "--alert"});
  EXPECT_EQ(alert.code, 1);
  EXPECT_THAT(alert.out, HasSubstr("the configuration was changed and counts when the service is started again"));

  // One that could not be read at the next start is told with its line.
  write_text(sandbox.config(), before + "}");
  ASSERT_TRUE(eventually([&] { return service.err().find("cannot be used as it is now") != std::string::npos; }))
      << service.err();
  EXPECT_THAT(service.err(), HasSubstr("cosell.jsonc:"));
  write_text(sandbox.config(), before);
  EXPECT_TRUE(eventually([&] { return sandbox.cosell({"status", "--alert"}).code == 0; }));
  EXPECT_EQ(times_told(), 2) << "once for each edit: " << service.err();

  sandbox.configure("irreversible", Json{{"settle", "1s"}, {"lost", "never"}});
  service.send(SIGTERM);
  EXPECT_EQ(service.wait().code, 0);
  EXPECT_EQ(sandbox.cosell({"status", "--alert"}).code, 0) << "whoever starts it now has the new one";
}

}  // namespace
}  // namespace cosell::end_to_end
