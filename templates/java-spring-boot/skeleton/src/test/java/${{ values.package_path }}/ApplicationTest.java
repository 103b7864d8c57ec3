package ${{ values.package }};

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.actuate.observability.AutoConfigureObservability;
{% if values.database %}
import org.springframework.boot.test.autoconfigure.jdbc.AutoConfigureTestDatabase;
{% endif %}
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.HttpStatus;

/** The whole service, over HTTP{% if values.database %}, on an embedded database{% endif %}. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = "management.otlp.tracing.export.enabled=false")
@AutoConfigureObservability
{% if values.database %}
@AutoConfigureTestDatabase
{% endif %}
class ApplicationTest {

    @Autowired
    private TestRestTemplate http;

    @Test
    void probesAnswer() {
        for (var probe : new String[] {"liveness", "readiness"}) {
            var answer = http.getForEntity("/actuator/health/" + probe, String.class);
            assertThat(answer.getStatusCode()).as(probe).isEqualTo(HttpStatus.OK);
            assertThat(answer.getBody()).as(probe).contains("\"status\":\"UP\"");
        }
    }

    @Test
    void metricsCarryTheNameOfTheService() {
        var created = http.postForEntity("/v1/items", new NewName("first"), String.class);
        assertThat(created.getStatusCode()).isEqualTo(HttpStatus.CREATED);
        assertThat(http.getForEntity(created.getHeaders().getLocation(), String.class).getBody()).contains("\"first\"");

        var metrics = http.getForObject("/actuator/prometheus", String.class);
        assertThat(metrics)
                .contains("items_added_total{application=\"${{ values.component }}\"")
                .contains("items_store_seconds_bucket{application=\"${{ values.component }}\",operation=\"write\"")
                .contains("http_server_requests_seconds_bucket{application=\"${{ values.component }}\"");
    }

    @Test
    void nothingElseOfTheActuatorIsExposed() {
        assertThat(http.getForEntity("/actuator/env", String.class).getStatusCode()).isEqualTo(HttpStatus.NOT_FOUND);
        assertThat(http.getForEntity("/actuator/heapdump", String.class).getStatusCode())
                .isEqualTo(HttpStatus.NOT_FOUND);
    }

    private record NewName(String name) {}
}
