import java.util.Map;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.server.policy.CreateTopicPolicy;

/** Refuses topics whose records may be larger than 8 MiB, as managed services do; in the words of one of them. */
public class RecordSizePolicy implements CreateTopicPolicy {
    private static final String NAME = "max.message.bytes";
    private static final long LIMIT = 8 << 20;

    @Override
    public void configure(Map<String, ?> settings) {}

    @Override
    public void validate(RequestMetadata topic) {
        String size = topic.configs().get(NAME);
        if (size != null && Long.parseLong(size) > LIMIT) {
            throw new PolicyViolationException(
                "Config property '" + NAME + "' with value '" + size + "' exceeded max limit of " + LIMIT + ".");
        }
    }

    @Override
    public void close() {}
}
