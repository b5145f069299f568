package xenolith.vmm.bench;

import java.util.Collection;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/// Runs the benchmarks whose names match the arguments (all without any) and prints, for each, the median, the first
/// and ninth tenth of its samples, and the bytes allocated by an operation. Samples are short, so that the median stands
/// even where other processes want the cores.
public final class Benchmarks {
    private static final int ITERATIONS = 5;
    private static final int WARM_UP = 4;
    private static final double TENTH = 10;
    private static final double MEDIAN = 50;
    private static final double NINE_TENTHS = 90;
    private static final TimeValue EACH = TimeValue.milliseconds(500);

    private Benchmarks() {
    }

    public static void main(String[] names) throws RunnerException {
        OptionsBuilder options = new OptionsBuilder();
        for (String name : names) {
            options.include(name);
        }
        options.forks(1).warmupIterations(WARM_UP).warmupTime(EACH).measurementIterations(ITERATIONS)
                .measurementTime(EACH).addProfiler(GCProfiler.class).jvmArgsAppend("-XX:+UseSerialGC");
        Collection<RunResult> results = new Runner(options.build()).run();
        System.out.printf("%n%-52s %9s %9s %9s  %s%n", "ns an operation", "median", "10 %", "90 %", "B/op");
        for (RunResult result : results) {
            print(result);
        }
    }

    private static void print(RunResult result) {
        Statistics samples = result.getPrimaryResult().getStatistics();
        String label = result.getParams().getBenchmark();
        label = label.substring(label.lastIndexOf('.', label.lastIndexOf('.') - 1) + 1);
        for (String key : result.getParams().getParamsKeys()) {
            label += " " + key + "=" + result.getParams().getParam(key);
        }
        double bytes = result.getSecondaryResults().entrySet().stream()
                .filter(e -> e.getKey().contains("gc.alloc.rate.norm")).mapToDouble(e -> e.getValue().getScore())
                .findFirst().orElse(Double.NaN);
        System.out.printf("%-52s %9.0f %9.0f %9.0f  %.3f%n", label, samples.getPercentile(MEDIAN),
                samples.getPercentile(TENTH), samples.getPercentile(NINE_TENTHS), bytes);
    }
}
