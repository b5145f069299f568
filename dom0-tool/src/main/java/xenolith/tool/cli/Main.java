package xenolith.tool.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.HostUnfitException;
import xenolith.tool.input.Json;
import xenolith.tool.run.Wiring;

/// The entrance: words in, exit status out. Whatever goes wrong is one line on standard error: a sentence, or with
/// `--json` an object.
public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) {
        if (arguments.length > 0 && arguments[0].equals(RunCommand.NAME)) {
            prepareBeside();
        }
        System.exit(run(arguments));
    }

    /// Parsing costs a cold JVM some 70 ms, and so does linking the first native call: do both at once.
    private static void prepareBeside() {
        Thread thread = new Thread(Wiring::prepare, "prepare");
        thread.setDaemon(true);
        thread.start();
    }

    static int run(String... arguments) {
        boolean json = List.of(arguments).contains(Commands.JSON);
        try {
            return dispatch(Commands.root().parseArgs(arguments));
        } catch (ParameterException e) {
            return complain(e.getMessage() + " (see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help)",
                    ExitStatus.BAD_INPUT, json);
        } catch (BadInputException e) {
            return complain(e.getMessage(), ExitStatus.BAD_INPUT, json);
        } catch (ControlException e) {
            return complain(e.getMessage(), ExitStatus.FAILED, json);
        } catch (HostUnfitException e) {
            return complain(e.getMessage(), ExitStatus.HOST_UNFIT, json);
        } catch (RuntimeException | Error e) {
            if (System.getenv("XENOLITH_DEBUG") != null) {
                e.printStackTrace();
            }
            return complain("internal error: " + e + " (XENOLITH_DEBUG=1 shows where)", ExitStatus.INTERNAL_ERROR,
                    json);
        }
    }

    private static int dispatch(ParseResult parsed) {
        ParseResult verb = parsed.hasSubcommand() ? parsed.subcommand() : parsed;
        CommandLine command = verb.commandSpec().commandLine();
        if (verb.isUsageHelpRequested()) {
            command.usage(System.out);
            return ExitStatus.OK;
        }
        return switch (verb.commandSpec().name()) {
            case RunCommand.NAME -> RunCommand.execute(verb);
            case ListCommand.NAME -> ListCommand.execute(verb);
            case DomainCommands.SHUTDOWN, DomainCommands.DESTROY, DomainCommands.VCPU_SET, DomainCommands.MEM_SET,
                 DomainCommands.SYSRQ, DomainCommands.CONSOLE -> DomainCommands.execute(verb);
            case FirewallCommand.NAME -> FirewallCommand.execute(verb);
            case XenstoreCommand.NAME -> XenstoreCommand.execute(verb);
            case BackendCommand.NAME -> BackendCommand.execute(verb);
            case InfoCommand.NAME -> InfoCommand.execute(verb);
            case VersionCommand.NAME -> VersionCommand.execute();
            default -> {
                if (DeviceCommands.isOne(verb)) {
                    yield DeviceCommands.execute(verb);
                }
                command.usage(System.err);
                yield ExitStatus.BAD_INPUT;
            }
        };
    }

    /// Prints `message` as one line, whatever it contains. It goes to standard error as an object too: what is on
    /// standard output is never anything but the answer.
    private static int complain(String message, int status, boolean json) {
        String sentence = message.replaceAll("\\s*\\R\\s*", " ");
        if (json) {
            Map<String, Object> error = new LinkedHashMap<>();
            error.put("error", sentence);
            error.put("status", status);
            System.err.print(Json.line(error));
        } else {
            System.err.println("xenolith: " + sentence);
        }
        return status;
    }
}
